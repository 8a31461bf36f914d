import * as OpenTelemetry from '@opentelemetry/api';
import * as Sentry from '@sentry/node';
import * as amqplib from 'amqplib';
import { orders } from '../orders.ts';

await orders({ amqplib, OpenTelemetry, Sentry });
