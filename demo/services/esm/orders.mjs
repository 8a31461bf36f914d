import * as Sentry from '@sentry/node';
import * as amqplib from 'amqplib';
import { orders } from '../orders.ts';

await orders({ amqplib, Sentry });
