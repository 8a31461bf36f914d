import {
  type Attributes,
  type Counter,
  type Histogram,
  type MeterProvider,
  metrics,
} from '@opentelemetry/api';
import type { Destination } from './message.ts';
import { ATTR, type Operation } from './semantic-conventions.ts';

/** The conventions' advice for durations in seconds. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

interface Instruments {
  readonly provider: MeterProvider;
  readonly sent: Counter;
  readonly consumed: Counter;
  readonly operation: Histogram;
  readonly process: Histogram;
}

let instruments: Instruments | undefined;

/**
 * Made anew for every global meter provider: OpenTelemetry has no proxy for meters, and the first message may come
 * before whoever starts it has set one.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/
 */
function theInstruments(): Instruments {
  const provider = metrics.getMeterProvider();
  if (instruments?.provider === provider) return instruments;
  const meter = provider.getMeter('@acme/otel-sentry/messaging');
  const duration = { unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES } };
  instruments = {
    provider,
    sent: meter.createCounter('messaging.client.sent.messages', {
      description: 'Number of messages producer attempted to send to the broker.',
      unit: '{message}',
    }),
    consumed: meter.createCounter('messaging.client.consumed.messages', {
      description: 'Number of messages that were delivered to the application.',
      unit: '{message}',
    }),
    operation: meter.createHistogram('messaging.client.operation.duration', {
      description: 'Duration of messaging operation initiated by a producer or consumer client.',
      ...duration,
    }),
    process: meter.createHistogram('messaging.process.duration', {
      description: 'Duration of processing operation.',
      ...duration,
    }),
  };
  return instruments;
}

/** One finished operation on messages. */
export interface Measurement {
  readonly operation: Operation;
  readonly system: string;
  readonly destination: Destination;
  readonly messages: number;
  /** In milliseconds. */
  readonly duration: number;
  readonly errorType: string | undefined;
}

export function record({ operation, system, destination, messages, duration, errorType }: Measurement): void {
  const attributes: Attributes = {
    [ATTR.operationName]: operation.name,
    [ATTR.system]: system,
    [ATTR.destination]: destination.template ?? destination.name,
    ...(errorType !== undefined && { [ATTR.errorType]: errorType }),
  };
  const { sent, consumed, operation: client, process } = theInstruments();
  if (operation.type === 'process') process.record(duration / 1000, attributes);
  else client.record(duration / 1000, attributes);
  if (operation.type === 'send') sent.add(messages, attributes);
  // What was received by a call of its own counts there; what was delivered counts where it is processed.
  else if (operation.type !== 'settle') consumed.add(messages, attributes);
}
