const Sentry = require('@sentry/node');
const express = require('express');
const { storefront } = require('../storefront.ts');

storefront({ express, Sentry });
