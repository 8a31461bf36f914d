const { withMessageContext } = require('@acme/otel-sentry/propagators');
const OpenTelemetry = require('@opentelemetry/api');
const Sentry = require('@sentry/node');
const { Kafka } = require('kafkajs');
const { billing } = require('../billing.ts');

billing({ Kafka, OpenTelemetry, Sentry, withMessageContext });
