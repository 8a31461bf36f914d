import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { patchMethod } from '../../instrumentations/frameworks/patch-method.ts';
import { startProcessing } from '../processing.ts';
import { ensureChannelState } from './channel-state.ts';
import type { AmqpChannel, AmqpMessage, ChannelModule, Original, Telemetry } from './client.ts';
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

function deliver(
  telemetry: Telemetry,
  { channel, queue, handler, noAck }: Consumer,
  thisArgument: unknown,
  delivered: unknown[],
): unknown {
  const message = delivered[0] as AmqpMessage | null; // amqplib's promise
  // The broker has cancelled the consumer. What is active here is whatever opened the connection.
  if (message === null) return context.with(ROOT_CONTEXT, () => handler.apply(thisArgument, delivered));

  const processing = startProcessing(telemetry.tracer, describeDelivery(channel, queue, message), {
    requester: requesterOf(queue, message),
  });
  const { deliveries } = ensureChannelState(channel);
  const { deliveryTag = 0 } = message.fields;
  const delivery = new Delivery(processing, noAck ? {} : undefined);
  deliveries.add(deliveryTag, delivery);
  const handle = () => handler.apply(thisArgument, delivered);
  const onEnd = ({ failure }: { failure?: unknown }) =>
    deliveries.handled(deliveryTag, delivery, failure !== undefined);
  // amqplib ignores what a handler returns. The promise of an async function is nobody else's: the one made of it
  // here is rejected in its place, and nobody handles that one either. Any other function may return a promise that
  // the application handles elsewhere, or doesn't: whoever watches it changes whether Node reports it as unhandled.
  return isAsync(handler) ? processing.run(handle, onEnd) : processing.runUnobserved(handle, onEnd);
}

const AsyncFunction = Object.getPrototypeOf(async () => undefined);

/** Also where it is bound: a bound function has the prototype of the other. */
function isAsync(handler: object): boolean {
  return Object.getPrototypeOf(handler) === AsyncFunction;
}
