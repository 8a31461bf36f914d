import { TraceFlags } from '@opentelemetry/api';
import { formatTraceParent, parseTraceParent } from '../trace-context.ts';
import type { ForeignCodec } from './codec.ts';

/**
 * MassTransit's header: the id of .NET's activity, which is a `traceparent`. The hierarchical ids of .NET Framework
 * (`|…`) are none and count as malformed.
 * Source: https://github.com/MassTransit/MassTransit, src/MassTransit/Logging/Diagnostics/DiagnosticHeaders.cs
 */
export const massTransit: ForeignCodec = renamedTraceParent('MT-Activity-Id');

/**
 * The attribute of Google Pub/Sub's clients.
 * Source: https://cloud.google.com/pubsub/docs/open-telemetry-tracing
 */
export const googlePubSub: ForeignCodec = renamedTraceParent('googclient_traceparent');

/** W3C Trace Context under another name. It knows no open decision, so one goes as yes, as in `traceparent`. */
function renamedTraceParent(field: string): ForeignCodec {
  return {
    fields: [field],
    read: (header) => header(field, parseTraceParent),
    write({ traceId, spanId, sampled }, header) {
      const flags = sampled === false ? TraceFlags.NONE : TraceFlags.SAMPLED;
      header(field, formatTraceParent(traceId, spanId, flags, false));
    },
  };
}
