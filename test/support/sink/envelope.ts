/** The framing of Sentry envelopes. https://develop.sentry.dev/sdk/foundations/transport/envelopes/ */

import {
  DecodeError,
  type JsonObject,
  object,
  optionalObject,
  optionalString,
  parseJson,
  string,
} from './json.ts';
import type { EnvelopeHeader } from './model.ts';

export interface EnvelopeItem {
  readonly type: string;
  readonly header: JsonObject;
  readonly payload: Buffer;
}

export interface Envelope {
  readonly header: EnvelopeHeader;
  readonly items: readonly EnvelopeItem[];
}

const NEWLINE = 0x0a;

/**
 * Splits an envelope (already decompressed) into its header and items; payloads stay bytes.
 * @throws {DecodeError} where the framing is broken; a backend then refuses the whole envelope.
 */
export function parseEnvelope(body: Buffer): Envelope {
  const first = lineEnd(body, 0);
  const header = envelopeHeader(
    object(parseJson(body.subarray(0, first), 'envelope header'), 'envelope header'),
  );
  const items: EnvelopeItem[] = [];
  let position = first + 1;
  while (position < body.length) {
    if (body[position] === NEWLINE) {
      position += 1; // newlines after the last item are allowed
      continue;
    }
    const headerEnd = lineEnd(body, position);
    const itemHeader = object(parseJson(body.subarray(position, headerEnd), 'item header'), 'item header');
    const type = string(itemHeader.type, 'type of an item');
    const start = headerEnd + 1;
    const end = payloadEnd(body, start, itemHeader.length);
    items.push({ type, header: itemHeader, payload: body.subarray(start, end) });
    position = end + 1;
  }
  return { header, items };
}

function lineEnd(body: Buffer, from: number): number {
  const end = body.indexOf(NEWLINE, from);
  return end === -1 ? body.length : end;
}

function payloadEnd(body: Buffer, start: number, length: unknown): number {
  if (length === undefined || length === null) return lineEnd(body, start);
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) {
    throw new DecodeError(`length of an item is not a size: ${JSON.stringify(length)}`);
  }
  const end = start + length;
  if (end > body.length) throw new DecodeError(`item of ${length} bytes ends after the envelope`);
  if (end < body.length && body[end] !== NEWLINE) {
    throw new DecodeError(`no newline after an item of ${length} bytes`);
  }
  return end;
}

function envelopeHeader(raw: JsonObject): EnvelopeHeader {
  const sdk = optionalObject(raw.sdk, 'sdk of the envelope');
  return {
    eventId: optionalString(raw.event_id, 'event_id of the envelope'),
    sentAt: optionalString(raw.sent_at, 'sent_at of the envelope'),
    sdk: {
      name: optionalString(sdk.name, 'sdk.name of the envelope'),
      version: optionalString(sdk.version, 'sdk.version of the envelope'),
    },
    dsc:
      raw.trace === undefined || raw.trace === null ? undefined : object(raw.trace, 'trace of the envelope'),
    raw,
  };
}
