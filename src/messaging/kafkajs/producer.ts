import { patchMethod } from '../../patch-method.ts';
import { attempt, observe } from '../observed.ts';
import { type Client, onEvent } from './client.ts';
import { patchSending } from './send.ts';
import { Transaction } from './transaction.ts';

export function patchProducer(producer: object, client: Client): void {
  patchSending(producer, client, (step, outcome) => step.end(outcome));
  // A producer has one at a time.
  let latest: Transaction | undefined;
  onEvent(producer, 'DISCONNECT', () => latest?.settle('unsettled'));
  patchMethod(producer, 'transaction', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const transaction = client.isEnabled() ? attempt(() => new Transaction(client)) : undefined;
      if (transaction === undefined) return original.apply(this, args);
      return observe(
        () => original.apply(this, args),
        ({ failure, value }) => {
          if (failure !== undefined) return transaction.refused(failure);
          latest = transaction;
          patchTransaction(value as object, client, transaction); // by kafkajs's types
        },
      );
    };
  });
}

/** What is done in a transaction is told how that ended. */
function patchTransaction(target: object, client: Client, transaction: Transaction): void {
  patchSending(target, client, (step, outcome) => transaction.hold(step, outcome));
  patchMethod(target, 'sendOffsets', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const step = client.isEnabled() ? attempt(() => transaction.startCommit(args[0])) : undefined;
      if (step === undefined) return original.apply(this, args);
      return observe(
        () => original.apply(this, args),
        ({ failure = {} }) => transaction.hold(step, failure),
      );
    };
  });
  // The spans of what was done while it was enabled have to end.
  patchSettlement(target, 'commit', () => transaction.settle('committed'), transaction);
  patchSettlement(target, 'abort', () => transaction.settle('aborted'), transaction);
}

function patchSettlement(
  target: object,
  name: 'commit' | 'abort',
  onDone: () => void,
  transaction: Transaction,
): void {
  patchMethod(target, name, (original) => {
    return function (this: unknown, ...args: unknown[]) {
      return observe(
        () => original.apply(this, args),
        ({ failure }) => (failure === undefined ? onDone() : transaction.failed(failure)),
      );
    };
  });
}
