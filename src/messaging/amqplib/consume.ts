import { ROOT_CONTEXT } from '@opentelemetry/api';
import { patchMethod } from '../../patch-method.ts';
import type { Telemetry } from '../messaging-instrumentation.ts';
import { type CallEnd, runIn } from '../observed.ts';
import { type Processing, startProcessing } from '../processing.ts';
import { countInternalError } from '../runtime.ts';
import { ensureChannelState } from './channel-state.ts';
import type { AmqpChannel, AmqpMessage, ChannelModule, Original } from './client.ts';
import { Delivery } from './deliveries.ts';
import { describeDelivery } from './message.ts';
import { requesterOf } from './rpc.ts';

export function patchConsume({ Channel }: ChannelModule, telemetry: Telemetry): void {
  patchMethod(Channel.prototype, 'consume', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const [queue, handler, options, ...rest] = args;
      if (typeof handler !== 'function') return original.apply(this, args);
      const consumer: Consumer = {
        channel: this as AmqpChannel, // whose method it is
        queue: typeof queue === 'string' ? queue : '',
        handler: handler as Original, // any function can be called like that
        noAck: Boolean((options as { noAck?: unknown } | null | undefined)?.noAck),
      };
      const traced = function (this: unknown, ...delivered: unknown[]) {
        if (!telemetry.isEnabled()) return consumer.handler.apply(this, delivered);
        return deliver(telemetry, consumer, this, delivered);
      };
      return original.call(this, queue, traced, options, ...rest);
    };
  });
}

interface Consumer {
  readonly channel: AmqpChannel;
  readonly queue: string;
  readonly handler: Original;
  readonly noAck: boolean;
}

function deliver(telemetry: Telemetry, consumer: Consumer, receiver: unknown, delivered: unknown[]): unknown {
  const handle = () => consumer.handler.apply(receiver, delivered);
  const message = delivered[0] as AmqpMessage | null; // amqplib's promise
  // The broker has cancelled the consumer. What is active here is whatever opened the connection.
  if (message === null) return runIn(ROOT_CONTEXT, handle);
  const started = start(telemetry, consumer, message);
  if (started === undefined) return handle();
  const { processing, onEnd } = started;
  // amqplib ignores what a handler returns. The promise of an async function is nobody else's: the one made of it
  // here is rejected in its place, and nobody handles that one either. Any other function may return a promise that
  // the application handles elsewhere, or doesn't: whoever watches it changes whether Node reports it as unhandled.
  return isAsync(consumer.handler) ? processing.run(handle, onEnd) : processing.runUnobserved(handle, onEnd);
}

interface Started {
  readonly processing: Processing;
  readonly onEnd: (end: CallEnd) => void;
}

/** Undefined where telemetry fails. */
function start(telemetry: Telemetry, consumer: Consumer, message: AmqpMessage): Started | undefined {
  const { channel, queue, noAck } = consumer;
  try {
    const description = describeDelivery(channel, queue, message);
    const requester = requesterOf(queue, message);
    const processing = startProcessing(telemetry.tracer, description, { requester });
    const delivery = new Delivery(processing, noAck ? {} : undefined);
    const { deliveryTag } = message.fields;
    if (noAck || deliveryTag === undefined) {
      return { processing, onEnd: ({ failure }) => delivery.handled(failure !== undefined) };
    }
    const { deliveries } = ensureChannelState(channel);
    deliveries.add(deliveryTag, delivery);
    return {
      processing,
      onEnd: ({ failure }) => {
        delivery.handled(failure !== undefined);
        if (failure !== undefined) deliveries.forget(deliveryTag);
      },
    };
  } catch {
    countInternalError();
    return undefined;
  }
}

const AsyncFunction = Object.getPrototypeOf(async () => undefined);

/** Also where it is bound: a bound function has the prototype of the other. */
function isAsync(handler: object): boolean {
  return Object.getPrototypeOf(handler) === AsyncFunction;
}
