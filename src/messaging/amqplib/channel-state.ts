import { patchMethod } from '../../patch-method.ts';
import type { ClientOperation } from '../receiving.ts';
import { countInternalError } from '../runtime.ts';
import type { AmqpMessage, ChannelModule } from './client.ts';
import { type Confirm, Publishes } from './confirms.ts';
import { Deliveries } from './deliveries.ts';

/** What is under way on a channel. */
export class ChannelState {
  readonly deliveries = new Deliveries();
  readonly publishes = new Publishes();
  /** Calls of `get` that wait for their answer. */
  readonly receives = new Set<ClientOperation>();

  /** @param event of the channel, as amqplib emits them. */
  on(event: unknown, argument: unknown): void {
    switch (event) {
      // Arguments are as amqplib's own handlers of these events take them.
      case 'ack':
        this.publishes.confirmed(argument as Confirm);
        break;
      case 'nack':
        this.publishes.confirmed(argument as Confirm, 'nack');
        break;
      case 'return':
        this.publishes.returned(argument as AmqpMessage);
        break;
      case 'close':
        this.deliveries.closed();
        this.publishes.closed();
        this.#abandonReceives();
    }
  }

  /** amqplib 0.10 leaves some without an answer. Where there is one, its error is on its way, and says more. */
  #abandonReceives(): void {
    if (this.receives.size === 0) return;
    setImmediate(() => {
      for (const receive of this.receives) receive.end({ errorType: 'channel_closed' });
      this.receives.clear();
    });
  }
}

const states = new WeakMap<object, ChannelState>();

/** Undefined where nothing has been done on the channel yet that has to be remembered. */
export function channelState(channel: unknown): ChannelState | undefined {
  return states.get(channel as object); // anything may be asked for
}

export function ensureChannelState(channel: object): ChannelState {
  const state = states.get(channel) ?? new ChannelState();
  states.set(channel, state);
  return state;
}

/** Watches a channel's events where they are emitted: a listener of ours would be among the application's. */
export function patchEvents({ Channel }: ChannelModule): void {
  patchMethod(Channel.prototype, 'emit', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      try {
        channelState(this)?.on(args[0], args[1]);
      } catch {
        countInternalError();
      }
      return original.apply(this, args);
    };
  });
}
