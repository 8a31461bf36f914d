/** Which names of OpenTelemetry's conventions the spans carry, as OTEL_SEMCONV_STABILITY_OPT_IN says. */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sink, startSink } from '../../support/sink/index.ts';
import { idsOnWire, relayedOne, spanOf } from './amqp-messages.ts';
import { type Application, startApplication } from './application.ts';
import { Brokers } from './brokers.ts';

/** What stands for the attributes that the conventions have replaced. */
const OBSOLETE = {
  producer: ['messaging.destination', 'messaging.rabbitmq.routing_key', 'messaging.protocol'],
  consumer: ['messaging.operation', 'messaging.destination', 'messaging.rabbitmq.routing_key'],
} as const;
const CURRENT = [
  'messaging.system',
  'messaging.operation.name',
  'messaging.operation.type',
  'messaging.destination.name',
];

let sink: Sink;
let brokers: Brokers;
const applications: Application[] = [];

beforeAll(async () => {
  sink = await startSink();
  brokers = new Brokers();
});
afterAll(async () => {
  await Promise.all(applications.map((application) => application.stop()));
  await brokers.close();
  await sink.close();
});

test.each([
  { optIn: '', obsolete: false },
  { optIn: 'http,messaging', obsolete: false },
  { optIn: 'messaging/dup', obsolete: true },
])(
  'with "$optIn" the obsolete names are there beside the current ones: $obsolete',
  async ({ optIn, obsolete }) => {
    const stage = {
      sink,
      unique: randomUUID().slice(0, 8),
      amqp: () => brokers.amqp(),
      application: async (fixture: string) => {
        const application = await startApplication(fixture, sink, { OTEL_SEMCONV_STABILITY_OPT_IN: optIn });
        applications.push(application);
        return application;
      },
    };
    const relay = await relayedOne(stage, {});
    const spans = {
      consumer: await spanOf(stage, relay),
      producer: await spanOf(stage, idsOnWire(relay.sent)),
    };
    for (const kind of ['consumer', 'producer'] as const) {
      const names = Object.keys(spans[kind].attributes);
      expect(names, kind).toEqual(expect.arrayContaining(CURRENT));
      expect(
        OBSOLETE[kind].filter((name) => names.includes(name)),
        kind,
      ).toEqual(obsolete ? OBSOLETE[kind] : []);
    }
  },
);
