import { type Context, context } from '@opentelemetry/api';
import { patchMethod } from '../../patch-method.ts';
import { describeDestination } from '../destination.ts';
import type { Telemetry } from '../messaging-instrumentation.ts';
import { observe, observeReturn, runIn } from '../observed.ts';
import type { Outcome } from '../outcome.ts';
import { startClientOperation } from '../receiving.ts';
import { countInternalError } from '../runtime.ts';
import { ensureChannelState } from './channel-state.ts';
import type { AmqpChannel, AmqpMessage, ChannelModule } from './client.ts';
import { describeDelivery, SYSTEM } from './message.ts';
import { serverOf } from './server.ts';

/** `get` of the promise API. */
export function patchGet({ Channel }: ChannelModule, telemetry: Telemetry): void {
  patchMethod(Channel.prototype, 'get', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      if (!telemetry.isEnabled()) return original.apply(this, args);
      const receive = startReceive(telemetry, this, args);
      // amqplib has just made the promise, and nobody else has it yet.
      return observe(
        () => runIn(receive.context, () => original.apply(this, args)),
        ({ value, failure }) => {
          receive.brought(value);
          receive.end(failure);
        },
      );
    };
  });
}

/** `get` of the callback API. */
export function patchGetWithCallback({ Channel }: ChannelModule, telemetry: Telemetry): void {
  patchMethod(Channel.prototype, 'get', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      if (!telemetry.isEnabled()) return original.apply(this, args);
      const [queue, options, callback] = args;
      const receive = startReceive(telemetry, this, args);
      const answered = (...results: unknown[]) => {
        const [error, message] = results;
        receive.brought(message);
        receive.end(error === null ? undefined : { error });
        return typeof callback === 'function' ? callback(...results) : undefined;
      };
      const bound = context.bind(context.active(), answered);
      return observeReturn(
        () => runIn(receive.context, () => original.call(this, queue, options, bound)),
        ({ failure }) => {
          if (failure !== undefined) receive.end(failure);
        },
      );
    };
  });
}

interface Receive {
  readonly context: Context;
  /** @param message `false` where the queue is empty. */
  brought(message: unknown): void;
  end(outcome?: Outcome): void;
}

function startReceive(telemetry: Telemetry, receiver: unknown, [name]: readonly unknown[]): Receive {
  const channel = receiver as AmqpChannel; // whose method it is
  const queue = typeof name === 'string' ? name : '';
  const operation = startClientOperation(telemetry.tracer, {
    system: SYSTEM,
    destination: describeDestination(queue),
    attributes: serverOf(channel)?.attributes,
  });
  const { receives } = ensureChannelState(channel);
  receives.add(operation);
  return {
    context: operation.context,
    brought: (message) => {
      if (typeof message !== 'object' || message === null) return;
      try {
        operation.received(message, describeDelivery(channel, queue, message as AmqpMessage)); // amqplib's promise
      } catch {
        countInternalError();
      }
    },
    end: (outcome) => {
      receives.delete(operation);
      operation.end(outcome);
    },
  };
}
