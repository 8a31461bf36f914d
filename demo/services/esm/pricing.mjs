import { createServer } from 'node:http';
import * as Sentry from '@sentry/node';
import { Kafka } from 'kafkajs';
import { pricing } from '../pricing.ts';

await pricing({ createServer, Kafka, Sentry });
