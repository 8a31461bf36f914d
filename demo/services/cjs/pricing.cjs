const { createServer } = require('node:http');
const Sentry = require('@sentry/node');
const { Kafka } = require('kafkajs');
const { pricing } = require('../pricing.ts');

pricing({ createServer, Kafka, Sentry });
