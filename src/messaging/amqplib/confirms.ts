import { creationContext } from '../creation-context.ts';
import { OpenOperations } from '../open-operations.ts';
import type { Publication } from '../publication.ts';
import { messagingOptions } from '../runtime.ts';
import type { AmqpMessage } from './client.ts';

/** How long, in milliseconds, a message that can't be routed may take to come back where nothing is confirmed. */
const RETURN_TIMEOUT = 5_000;

/** The broker's word on one message, or on all up to it. */
export interface Confirm {
  readonly deliveryTag: number;
  readonly multiple: boolean;
}

interface Sent {
  readonly publication: Publication;
  /** Where the broker may return it: by what it will be known again. */
  readonly returnKey: string | undefined;
  /** By `performance.now()`. Undefined: the broker's answer is part of the span. */
  readonly sentAt: number | undefined;
}

/** The publishes of a channel that wait for the broker's word. */
export class Publishes {
  readonly #unconfirmed = new OpenOperations<number, Sent>(end);
  readonly #returnable = new OpenOperations<string, Sent>(end);
  /** The broker numbers a confirm channel's messages, without telling the numbers. */
  #count = 0;

  /** On a channel without confirms: the publish is over, unless its message comes back. */
  awaitReturn(publication: Publication): void {
    const returnKey = keyOf(publication.headers);
    if (returnKey === undefined) publication.end();
    else
      this.#returnable.add(returnKey, { publication, returnKey, sentAt: performance.now() }, RETURN_TIMEOUT);
  }

  /** On a confirm channel, where every publish has a number. @param publication undefined: one that isn't traced. */
  awaitConfirm(publication: Publication | undefined, isMandatory = false): void {
    const tag = ++this.#count;
    if (publication?.span === undefined) return;
    const returnKey = isMandatory ? keyOf(publication.headers) : undefined;
    const sent = { publication, returnKey, sentAt: undefined };
    const { settlementTimeoutMs } = messagingOptions();
    this.#unconfirmed.add(tag, sent, settlementTimeoutMs);
    if (returnKey !== undefined) this.#returnable.add(returnKey, sent, settlementTimeoutMs);
  }

  /** The broker has taken messages, or, with an error's type, refused them. */
  confirmed({ deliveryTag, multiple }: Confirm, errorType?: string): void {
    if (multiple) {
      for (const [tag] of this.#unconfirmed.entries()) {
        if (tag > deliveryTag) break; // numbers rise
        this.#confirmed(tag, errorType);
      }
    } else this.#confirmed(deliveryTag, errorType);
  }

  #confirmed(tag: number, errorType: string | undefined): void {
    const sent = this.#unconfirmed.take(tag);
    if (sent?.returnKey !== undefined) this.#returnable.take(sent.returnKey);
    sent?.publication.end({ errorType });
  }

  /** The broker couldn't route a message. */
  returned({ fields, properties }: AmqpMessage): void {
    const returnKey = keyOf(properties.headers);
    const sent = returnKey === undefined ? undefined : this.#returnable.take(returnKey);
    sent?.publication.end({ errorType: snakeCase(fields.replyText) || 'returned', endTime: sent.sentAt });
  }

  closed(): void {
    for (const { publication } of this.#unconfirmed.takeAll())
      publication.end({ errorType: 'channel_closed' });
    for (const sent of this.#returnable.takeAll()) end(sent);
  }
}

/** The broker has said nothing against it. */
function end({ publication, sentAt }: Sent): void {
  publication.end({ endTime: sentAt });
}

/** The span's id in a message's headers: the same when it is sent and when it is returned. */
function keyOf(headers: Publication['headers']): string | undefined {
  return creationContext(headers).spanContext?.spanId;
}

/** `NO_ROUTE` as in AMQP's reply texts. */
function snakeCase(text = ''): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '_');
}
