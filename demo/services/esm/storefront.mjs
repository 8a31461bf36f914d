import * as Sentry from '@sentry/node';
import express from 'express';
import { storefront } from '../storefront.ts';

storefront({ express, Sentry });
