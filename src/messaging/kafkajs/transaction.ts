import { type Span, SpanKind } from '@opentelemetry/api';
import { describeDestination } from '../destination.ts';
import { OpenOperations } from '../open-operations.ts';
import { endSpan, type Outcome } from '../outcome.ts';
import { countEvicted, messagingOptions } from '../runtime.ts';
import { ATTR, type Operation, spanName } from '../semantic-conventions.ts';
import type { Client } from './client.ts';
import { clientAttributes, KAFKA_ATTR, SYSTEM } from './message.ts';
import type { Step } from './send.ts';

/** How a transaction ended; `unsettled`: neither way, for as long as anybody waited. */
export type TransactionOutcome = 'committed' | 'aborted' | 'unsettled';

/** Steps whose spans are held for one transaction; further ones end without its outcome. */
const MAX_HELD = 1_000;
/** Open transactions in this process; a producer has one at a time. */
const MAX_OPEN = 100;

const open = new OpenOperations<Transaction, Transaction>(
  (transaction) => transaction.settle('unsettled'),
  MAX_OPEN,
);

const COMMIT: Operation = { name: 'commit', type: 'settle' };

/** A transaction and its steps: whether they count is known only when it is over. */
export class Transaction {
  readonly #client: Client;
  readonly #span: Span;
  readonly #held: { readonly step: Step; readonly outcome: Outcome }[] = [];
  #failure: Outcome = {};
  #settledAs: TransactionOutcome | undefined;

  /** In the active context. */
  constructor(client: Client) {
    this.#client = client;
    // Without `messaging.system`: it is none of the conventions' operations on messages.
    this.#span = client.tracer.startSpan('transaction', {
      kind: SpanKind.INTERNAL,
      attributes: clientAttributes(client.id),
    });
    open.add(this, this, messagingOptions().settlementTimeoutMs);
  }

  /** The step has come to its end now; its span ends when the transaction does, with the time of now. */
  hold(step: Step, outcome: Outcome): void {
    const isOver = this.#settledAs !== undefined;
    if (!isOver && this.#held.length < MAX_HELD) {
      this.#held.push({ step, outcome: { ...outcome, endTime: performance.now() } });
      return;
    }
    if (!isOver) countEvicted();
    step.end(outcome);
  }

  /** It never began. */
  refused(failure: Outcome): void {
    open.take(this);
    endSpan(this.#span, failure);
  }

  /** To commit or to abort it has failed. The application may try again. */
  failed(failure: Outcome): void {
    this.#failure = failure;
  }

  /** Calls after the first do nothing. */
  settle(as: TransactionOutcome): void {
    if (this.#settledAs !== undefined) return;
    this.#settledAs = as;
    open.take(this);
    for (const { step, outcome } of this.#held.splice(0)) end(step, outcome, as);
    end({ end: (outcome) => endSpan(this.#span, outcome) }, as === 'committed' ? {} : this.#failure, as);
  }

  /**
   * Starts the span of committing a consumer group's offsets as part of the transaction, in the active context.
   * @param offsets what `sendOffsets` is called with. Undefined: kafkajs will refuse it.
   */
  startCommit(offsets: unknown): Step | undefined {
    const { consumerGroupId: group, topics } = (offsets ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof group !== 'string' || !Array.isArray(topics)) return undefined;
    const [only, ...others] = topics as ({ readonly topic?: unknown } | null | undefined)[];
    const topic = others.length === 0 && typeof only?.topic === 'string' ? only.topic : undefined;
    const span = this.#client.tracer.startSpan(spanName(COMMIT, describeDestination(group)), {
      kind: SpanKind.CLIENT,
      attributes: {
        [ATTR.system]: SYSTEM,
        [ATTR.operationName]: COMMIT.name,
        [ATTR.operationType]: COMMIT.type,
        [ATTR.consumerGroup]: group,
        ...(topic !== undefined && { [ATTR.destination]: topic }),
        ...clientAttributes(this.#client.id),
      },
      links: [{ context: this.#span.spanContext() }],
    });
    return { end: (outcome) => endSpan(span, outcome) };
  }
}

function end(step: Step, outcome: Outcome, as: TransactionOutcome): void {
  step.end({ ...outcome, attributes: { ...outcome.attributes, [KAFKA_ATTR.transactionOutcome]: as } });
}
