import type { Span } from '@opentelemetry/api';
import type { Client, DynamicSamplingContext } from '@sentry/core';
import type { SentryTraceData } from '../../propagators/sentry-trace-state.ts';
import { core } from './sdk.ts';
import { describeSpan } from './semantic-conventions.ts';
import { sentryTraceData } from './trace-data.ts';

/**
 * Sentry's dynamic sampling context (DSC): frozen as received where the trace came in with one, else made here from
 * the client's options, Sentry's decision and, once it is not a raw URL, the name of the root span.
 *
 * @see https://develop.sentry.dev/sdk/telemetry/traces/dynamic-sampling-context/
 */
export function headDsc(
  traceId: string,
  data: SentryTraceData | undefined,
  root: Span | undefined,
  client: Client,
): Partial<DynamicSamplingContext> {
  const dsc: Partial<DynamicSamplingContext> = core.getDynamicSamplingContextFromClient(traceId, client);
  addDecision(dsc, data);
  const transaction = root === undefined ? undefined : stableName(root);
  if (transaction !== undefined) dsc.transaction = transaction;
  return dsc;
}

/** The DSC as baggage members, or undefined where downstream must not get one. */
export function dscMembers(dsc: Partial<DynamicSamplingContext>): string | undefined {
  return core.dynamicSamplingContextToSentryBaggageHeader(dsc);
}

/**
 * Lets Sentry's own code (envelope headers, error events) see the same DSC as our propagator sends: Sentry makes one
 * from what it knows of the span and asks its listeners to correct it.
 */
export function correctDscOf(client: Client): void {
  client.on('createDsc', (dsc, root) => {
    // Sentry's span type and OpenTelemetry's describe the same object.
    const span = root as Span | undefined;
    const data = sentryTraceData(span?.spanContext());
    if (span === undefined || data === undefined) return;
    const frozen = data.dsc ? core.baggageHeaderToDynamicSamplingContext(data.dsc) : undefined;
    const { trace_id, public_key } = dsc;
    if (frozen !== undefined && (frozen.trace_id ?? trace_id) === trace_id) {
      for (const key of Object.keys(dsc)) delete (dsc as Record<string, unknown>)[key];
      // Relay takes no envelope without a trace id and a key, and upstream may have left them out.
      Object.assign(dsc, { trace_id, public_key }, frozen);
      return;
    }
    // A frozen empty DSC goes to no other service; an envelope gets what Relay needs.
    delete dsc.sampled;
    delete dsc.transaction;
    addDecision(dsc, data);
    const transaction = data.dsc === undefined ? stableName(span) : undefined;
    if (transaction !== undefined) dsc.transaction = transaction;
  });
}

function addDecision(dsc: Partial<DynamicSamplingContext>, data: SentryTraceData | undefined): void {
  if (data?.sampled !== undefined) dsc.sampled = data.sampled ? 'true' : 'false';
  if (data?.sampleRand !== undefined) dsc.sample_rand = data.sampleRand;
  if (data?.sampleRate !== undefined) dsc.sample_rate = data.sampleRate;
}

/** A root span's name where it is not a raw URL: `GET /users/1` would make a new name for each user. */
function stableName(root: Span): string | undefined {
  const { name, attributes, kind } = root as Span &
    Partial<{ name: string; attributes: object; kind: number }>;
  if (name === undefined || attributes === undefined) return undefined;
  const described = describeSpan(name, attributes as Parameters<typeof describeSpan>[1], kind ?? 0);
  return described.source === 'url' ? undefined : described.name;
}
