import { withMessageContext } from '@acme/otel-sentry/propagators';
import * as OpenTelemetry from '@opentelemetry/api';
import * as Sentry from '@sentry/node';
import { Kafka } from 'kafkajs';
import { billing } from '../billing.ts';

await billing({ Kafka, OpenTelemetry, Sentry, withMessageContext });
