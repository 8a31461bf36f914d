import * as Sentry from '@sentry/node';
import * as amqplib from 'amqplib';
import express from 'express';
import { gateway } from '../gateway.ts';

await gateway({ amqplib, express, Sentry });
