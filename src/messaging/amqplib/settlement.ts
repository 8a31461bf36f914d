import { patchMethod } from '../../patch-method.ts';
import type { Outcome } from '../outcome.ts';
import { countInternalError } from '../runtime.ts';
import { channelState } from './channel-state.ts';
import type { ChannelModule } from './client.ts';
import { type Deliveries, outcomeOf } from './deliveries.ts';

/** Without requeueing, the message is given up: dropped or dead-lettered. Requeueing is amqplib's default. */
function rejected(settlement: 'nack' | 'reject', requeue: unknown): Outcome {
  return requeue === undefined || requeue ? outcomeOf('requeue') : outcomeOf(settlement, settlement);
}

/** The channel's methods that settle messages, by what they settle. */
const SETTLING: Readonly<Record<string, (deliveries: Deliveries, args: readonly unknown[]) => void>> = {
  ack: (deliveries, [message, allUpTo]) => settle(deliveries, message, allUpTo, outcomeOf('ack')),
  ackAll: (deliveries) => deliveries.settleAll(outcomeOf('ack')),
  nack: (deliveries, [message, allUpTo, requeue]) =>
    settle(deliveries, message, allUpTo, rejected('nack', requeue)),
  nackAll: (deliveries, [requeue]) => deliveries.settleAll(rejected('nack', requeue)),
  reject: (deliveries, [message, requeue]) => settle(deliveries, message, false, rejected('reject', requeue)),
  // Everything is delivered anew, with new tags. Waiting for the broker's word would mean watching a promise that is
  // the application's.
  recover: (deliveries) => deliveries.settleAll(outcomeOf('recover')),
};

function settle(deliveries: Deliveries, message: unknown, allUpTo: unknown, outcome: Outcome): void {
  const tag = (message as { fields: { deliveryTag: number } }).fields.deliveryTag; // amqplib has read it by now
  if (allUpTo) deliveries.settleUpTo(tag, outcome);
  else deliveries.settle(tag, outcome);
}

export function patchSettlement({ Channel }: ChannelModule): void {
  for (const [name, settled] of Object.entries(SETTLING)) {
    patchMethod(Channel.prototype, name, (original) => {
      return function (this: unknown, ...args: unknown[]) {
        // Settled is what amqplib could send.
        const result = original.apply(this, args);
        try {
          const deliveries = channelState(this)?.deliveries;
          if (deliveries !== undefined) settled(deliveries, args);
        } catch {
          countInternalError();
        }
        return result;
      };
    });
  }
}
