/** From the bytes of an OTLP export request to the model. https://opentelemetry.io/docs/specs/otlp/ */

import { DecodeError, type JsonObject, list, object, optionalObject, parseJson } from './json.ts';
import { type Backend, noTelemetry, type Telemetry } from './model.ts';
import { otlpLog } from './otlp-logs.ts';
import { otlpMetric } from './otlp-metrics.ts';
import {
  ExportLogsServiceRequest,
  ExportMetricsServiceRequest,
  ExportTraceServiceRequest,
} from './otlp-protobuf.ts';
import { otlpSpan } from './otlp-spans.ts';
import { attributesOf, type Origin } from './otlp-values.ts';
import { decodeMessage, type Schema } from './protobuf.ts';

export type Signal = 'traces' | 'logs' | 'metrics';
export type Encoding = 'protobuf' | 'json';

/** Where the entries of a signal are in its request, and how one is decoded. */
interface SignalForm {
  readonly schema: Schema;
  readonly resources: string;
  readonly scopes: string;
  readonly entries: string;
  readonly decode: (entry: JsonObject, origin: Origin, into: Telemetry) => void;
}

const FORMS: Readonly<Record<Signal, SignalForm>> = {
  traces: {
    schema: ExportTraceServiceRequest,
    resources: 'resourceSpans',
    scopes: 'scopeSpans',
    entries: 'spans',
    decode: (entry, origin, into) => void into.spans.push(otlpSpan(entry, origin)),
  },
  logs: {
    schema: ExportLogsServiceRequest,
    resources: 'resourceLogs',
    scopes: 'scopeLogs',
    entries: 'logRecords',
    decode: (entry, origin, into) => void into.logs.push(otlpLog(entry, origin)),
  },
  metrics: {
    schema: ExportMetricsServiceRequest,
    resources: 'resourceMetrics',
    scopes: 'scopeMetrics',
    entries: 'metrics',
    decode: (entry, origin, into) => void into.metrics.push(...otlpMetric(entry, origin)),
  },
};

/**
 * Decodes a request. A span, log or metric that can't be read is in `invalid`; the others still count.
 * @throws {DecodeError} where the request itself can't be read.
 */
export function decodeExportRequest(
  body: Buffer,
  signal: Signal,
  encoding: Encoding,
  source: Backend,
): Telemetry {
  const form = FORMS[signal];
  const request =
    encoding === 'protobuf'
      ? decodeMessage(body, form.schema)
      : object(parseJson(body, `OTLP ${signal} request`), `OTLP ${signal} request`);
  const into = noTelemetry();
  for (const group of objects(request[form.resources], form.resources)) {
    const resource = optionalObject(group.resource, 'resource');
    const origin = { source, resource: attributesOf(resource.attributes, 'the resource') };
    for (const scope of objects(group[form.scopes], form.scopes)) {
      for (const entry of objects(scope[form.entries], form.entries)) decodeEntry(entry, form, origin, into);
    }
  }
  return into;
}

function decodeEntry(entry: JsonObject, form: SignalForm, origin: Origin, into: Telemetry): void {
  try {
    form.decode(entry, origin, into);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    into.invalid.push({ where: `OTLP ${form.entries}`, reason: error.message, raw: entry });
  }
}

function objects(value: unknown, what: string): readonly JsonObject[] {
  return list(value, what).map((entry) => object(entry, `entry of ${what}`));
}
