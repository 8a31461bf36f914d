const OpenTelemetry = require('@opentelemetry/api');
const Sentry = require('@sentry/node');
const amqplib = require('amqplib');
const { orders } = require('../orders.ts');

orders({ amqplib, OpenTelemetry, Sentry });
