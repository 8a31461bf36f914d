/** From the bytes of a Sentry envelope to the model, by the rules of Relay, Sentry's ingestion server. */

import { type Envelope, type EnvelopeItem, parseEnvelope } from './envelope.ts';
import { DecodeError, list, object, parseJson } from './json.ts';
import { noTelemetry, type SinkSpan, type Telemetry } from './model.ts';
import { clientReport, errorEvent, log, metric } from './sentry-events.ts';
import { standaloneSpan, streamedSpan, transaction } from './sentry-spans.ts';

const SPAN_CONTAINER = 'application/vnd.sentry.items.span.v2+json';
const LOG_CONTAINER = 'application/vnd.sentry.items.log+json';
const METRIC_CONTAINER = 'application/vnd.sentry.items.trace-metric+json';

/** https://github.com/getsentry/relay/pull/4791 */
const MAX_SPANS_PER_ENVELOPE = 1000;

/**
 * Decodes an envelope. An item that can't be read, or that Relay would drop, is in `invalid`; the others still count.
 * @throws {DecodeError} where the envelope itself can't be split into items.
 */
export function decodeEnvelope(body: Buffer): Telemetry {
  const envelope = parseEnvelope(body);
  const into = noTelemetry();
  attempt(into, 'span items', envelope, () => into.spans.push(...spansOfItems(envelope)));
  for (const item of envelope.items) {
    attempt(into, `${item.type} item`, item, () => decodeItem(item, envelope, into));
  }
  return into;
}

function attempt(into: Telemetry, where: string, raw: unknown, decode: () => void): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    into.invalid.push({ where, reason: error.message, raw });
  }
}

function decodeItem(item: EnvelopeItem, { header }: Envelope, into: Telemetry): void {
  switch (item.type) {
    case 'span':
      return; // they stand or fall together: see spansOfItems
    case 'transaction': {
      const decoded = transaction(json(item), header);
      into.transactions.push(decoded);
      into.spans.push(...decoded.spans);
      return;
    }
    case 'event':
      into.errors.push(errorEvent(json(item), header));
      return;
    case 'log':
      into.logs.push(...contents(item, LOG_CONTAINER).map((entry) => log(entry, header)));
      return;
    case 'trace_metric':
      into.metrics.push(...contents(item, METRIC_CONTAINER).map((entry) => metric(entry, header)));
      return;
    case 'client_report':
      into.clientReports.push(clientReport(json(item), header));
      return;
    default:
      into.items.push({
        source: 'sentry',
        type: item.type,
        header: item.header,
        payload: item.type === 'attachment' ? item.payload : jsonOrBytes(item.payload),
        envelope: header,
        raw: item.payload,
      });
  }
}

/**
 * The spans that came as `span` items; one that can't be read takes the others with it. Relay takes a v2 container only with a dynamic sampling context whose trace id
 * all its spans share, and only one container an envelope; else it drops all spans of the envelope.
 * https://github.com/getsentry/relay/pull/5276
 */
function spansOfItems({ header, items }: Envelope): SinkSpan[] {
  const spanItems = items.filter((item) => item.type === 'span');
  const containers = spanItems.filter((item) => item.header.content_type === SPAN_CONTAINER);
  if (containers.length > 1) throw new DecodeError(`${containers.length} span containers in one envelope`);
  if (containers.length === 1 && containers.length < spanItems.length) {
    throw new DecodeError('v1 and v2 spans in one envelope');
  }
  const spans = spanItems.flatMap((item) =>
    containers.length === 0
      ? [standaloneSpan(json(item), header)]
      : contents(item, SPAN_CONTAINER).map((entry) => streamedSpan(entry, header)),
  );
  if (spans.length > MAX_SPANS_PER_ENVELOPE) {
    throw new DecodeError(
      `${spans.length} spans in one envelope, at most ${MAX_SPANS_PER_ENVELOPE} are allowed`,
    );
  }
  if (containers.length === 0) return spans;
  if (header.dsc === undefined) throw new DecodeError('span-v2 envelope without a trace header');
  const stranger = spans.find((span) => span.traceId !== header.dsc?.trace_id);
  if (stranger !== undefined) {
    throw new DecodeError(
      `span "${stranger.name}" of trace ${stranger.traceId} in an envelope of trace ${header.dsc.trace_id}`,
    );
  }
  return spans;
}

/** The entries of a container item, whose header has to name their form and number. */
function contents(item: EnvelopeItem, contentType: string): readonly unknown[] {
  if (item.header.content_type !== contentType) {
    throw new DecodeError(
      `content_type is not ${contentType} but ${JSON.stringify(item.header.content_type)}`,
    );
  }
  const entries = list(
    object(json(item), `${item.type} container`).items,
    `items of a ${item.type} container`,
  );
  if (item.header.item_count !== entries.length) {
    throw new DecodeError(
      `item_count is ${JSON.stringify(item.header.item_count)} for ${entries.length} entries`,
    );
  }
  return entries;
}

function json(item: EnvelopeItem): unknown {
  return parseJson(item.payload, `${item.type} item`);
}

function jsonOrBytes(payload: Buffer): unknown {
  try {
    return parseJson(payload, 'payload');
  } catch (error) {
    if (error instanceof DecodeError) return payload;
    throw error;
  }
}
