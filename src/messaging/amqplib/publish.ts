import { type Context, context } from '@opentelemetry/api';
import { patchMethod } from '../../patch-method.ts';
import type { Telemetry } from '../messaging-instrumentation.ts';
import { observeReturn, runIn } from '../observed.ts';
import { type Publication, startPublication, untouched } from '../publication.ts';
import { countInternalError } from '../runtime.ts';
import { ensureChannelState } from './channel-state.ts';
import type { AmqpChannel, ChannelModule, Original } from './client.ts';
import { ENQUEUED_IN } from './connection-manager.ts';
import { haveRoom } from './field-table.ts';
import { describePublish, type PublishOptions } from './message.ts';
import { rememberRequest } from './rpc.ts';

type Options = PublishOptions & { readonly [ENQUEUED_IN]?: Context };

/** `sendToQueue` calls `publish`, so there is one span either way. */
export function patchPublish({ Channel, ConfirmChannel }: ChannelModule, telemetry: Telemetry): void {
  patchMethod(Channel.prototype, 'publish', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      if (this instanceof ConfirmChannel || !telemetry.isEnabled()) return original.apply(this, args);
      const channel = this as AmqpChannel; // whose method it is
      return publish(telemetry, channel, args, original, (publication, isMandatory) => {
        if (isMandatory) ensureChannelState(channel).publishes.awaitReturn(publication);
        else publication.end();
      });
    };
  });
  patchMethod(ConfirmChannel.prototype, 'publish', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const channel = this as AmqpChannel; // as above
      const { publishes } = ensureChannelState(channel);
      if (!telemetry.isEnabled()) {
        const result = original.apply(this, args);
        publishes.awaitConfirm(undefined);
        return result;
      }
      const [exchange, routingKey, content, options, onConfirm] = args;
      // amqplib calls it in the context of whatever opened the connection.
      const bound = typeof onConfirm === 'function' ? context.bind(context.active(), onConfirm) : onConfirm;
      return publish(
        telemetry,
        channel,
        [exchange, routingKey, content, options, bound],
        original,
        (publication, isMandatory) => publishes.awaitConfirm(publication, isMandatory),
      );
    };
  });
}

/** @param onSent is told when amqplib has taken the message. */
function publish(
  telemetry: Telemetry,
  channel: AmqpChannel,
  [exchange, routingKey, content, given, ...rest]: readonly unknown[],
  original: Original,
  onSent: (publication: Publication, isMandatory: boolean) => void,
): unknown {
  const options = given as Options | null | undefined; // amqplib, too, reads whatever it is given
  const { publication, outgoing } = start(telemetry, channel, [exchange, routingKey, content], options);
  return observeReturn(
    () =>
      runIn(publication.context, () =>
        original.call(channel, exchange, routingKey, content, outgoing, ...rest),
      ),
    ({ failure }) => {
      if (failure !== undefined) publication.end(failure);
      else onSent(publication, Boolean(options?.mandatory));
    },
  );
}

interface Started {
  readonly publication: Publication;
  /** To publish with. */
  readonly outgoing: unknown;
}

function start(
  telemetry: Telemetry,
  channel: AmqpChannel,
  [exchange, routingKey, content]: readonly unknown[],
  options: Options | null | undefined,
): Started {
  let publication = untouched(undefined, context.active());
  try {
    const parent = options?.[ENQUEUED_IN] ?? publication.context;
    rememberRequest(options, parent);
    const message = describePublish(channel, exchange, routingKey, content, options);
    publication = startPublication(telemetry.tracer, message, parent);
    if (publication.span === undefined) return { publication, outgoing: options };
    return { publication, outgoing: withHeaders(channel, options, publication.headers) };
  } catch {
    countInternalError();
    return { publication, outgoing: options };
  }
}

/** Options that inherit the application's: whatever they are, amqplib reads in them what it would have read. */
function withHeaders(
  channel: AmqpChannel,
  options: Options | null | undefined,
  headers: Publication['headers'],
): unknown {
  const given: unknown = options?.headers;
  // amqplib refuses those.
  if (given !== undefined && typeof given !== 'object') return options;
  const all = inheriting(given, headers);
  if (!haveRoom(all, channel)) return options;
  return Object.create(Object(options ?? {}), { headers: { value: all, enumerable: true } });
}

/** amqplib sends inherited headers, too; a copy has only the own ones. */
function inheriting(given: object | null | undefined, headers: Publication['headers']): unknown {
  const prototype: unknown = Object.getPrototypeOf(given ?? {});
  return prototype === null || prototype === Object.prototype
    ? headers
    : Object.setPrototypeOf({ ...headers }, prototype as object); // neither null nor undefined
}
