/** What arrived, in one form for both backends. All times are milliseconds since the epoch, with fractions. */

/** Which backend the data was meant for. Sentry's OTLP endpoint counts as Sentry. */
export type Backend = 'sentry' | 'otlp';

/** Attributes with Sentry's and OTLP's type wrappers taken off. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Sentry's dynamic sampling context. https://develop.sentry.dev/sdk/telemetry/traces/dynamic-sampling-context/ */
export type DynamicSamplingContext = Readonly<Record<string, unknown>>;

/** The header of the Sentry envelope in which an item came. */
export interface EnvelopeHeader {
  readonly eventId: string | undefined;
  readonly sentAt: string | undefined;
  readonly sdk: { readonly name: string | undefined; readonly version: string | undefined };
  readonly dsc: DynamicSamplingContext | undefined;
  readonly raw: unknown;
}

/** What every piece of telemetry has. */
interface Arrived {
  readonly source: Backend;
  /** The Sentry envelope it came in; undefined for OTLP, Sentry's OTLP endpoint included. */
  readonly envelope: EnvelopeHeader | undefined;
  /** As it was sent, before it was brought into this form. */
  readonly raw: unknown;
}

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** How a span travelled: streamed (`span-v2`), standalone (`span-v1`), in a transaction, or in OTLP. */
export type SpanFormat = 'span-v2' | 'span-v1' | 'transaction' | 'otlp';

export interface SinkSpan extends Arrived {
  readonly format: SpanFormat;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** Undefined where the sender doesn't say; Sentry's SDK doesn't for internal spans. */
  readonly kind: SpanKind | undefined;
  readonly startTime: number;
  readonly endTime: number;
  /** Sentry's many error statuses are `error` here, their name is in `statusMessage`. */
  readonly status: 'unset' | 'ok' | 'error';
  readonly statusMessage: string | undefined;
  readonly attributes: Attributes;
  readonly links: readonly SinkLink[];
  readonly events: readonly SinkSpanEvent[];
  /** `service.name` of the OTLP resource or, in Sentry, of the span's attributes. */
  readonly service: string | undefined;
  readonly resource: Attributes;
  /** The top span of a service's part of the trace: it has no parent or a remote one. */
  readonly isSegment: boolean;
  readonly dsc: DynamicSamplingContext | undefined;
}

export interface SinkLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
  /** Undefined where the sender doesn't say. */
  readonly sampled: boolean | undefined;
}

export interface SinkSpanEvent {
  readonly name: string;
  readonly time: number;
  readonly attributes: Attributes;
}

/** An error or a message of Sentry. */
export interface SinkError extends Arrived {
  readonly eventId: string;
  /** Of the outermost exception, the last in Sentry's list; undefined for a message. */
  readonly type: string | undefined;
  /** The exception's message, or the message itself. */
  readonly value: string | undefined;
  /** False where the SDK caught it at the top of the process; undefined where it doesn't say. */
  readonly handled: boolean | undefined;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly transaction: string | undefined;
  readonly level: string | undefined;
  readonly tags: Attributes;
  readonly contexts: Attributes;
  readonly release: string | undefined;
  readonly environment: string | undefined;
  readonly breadcrumbs: readonly unknown[];
  readonly dsc: DynamicSamplingContext | undefined;
}

export interface SinkTransaction extends Arrived {
  readonly eventId: string;
  readonly name: string;
  /** Where the name comes from, e.g. `route` or `url`. */
  readonly nameSource: string | undefined;
  readonly op: string | undefined;
  readonly traceId: string;
  readonly spanId: string;
  /** The transaction's own span first, then its children; the same objects as in `sink.spans()`. */
  readonly spans: readonly SinkSpan[];
  readonly tags: Attributes;
  readonly contexts: Attributes;
  readonly release: string | undefined;
  readonly environment: string | undefined;
  readonly dsc: DynamicSamplingContext | undefined;
}

export interface SinkLog extends Arrived {
  readonly time: number;
  readonly level: string | undefined;
  readonly severityNumber: number | undefined;
  readonly body: unknown;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly attributes: Attributes;
  readonly service: string | undefined;
}

/** One measurement of Sentry's, one data point of OTLP's. */
export interface SinkMetric extends Arrived {
  readonly name: string;
  readonly type:
    | 'counter'
    | 'gauge'
    | 'distribution'
    | 'sum'
    | 'histogram'
    | 'exponentialHistogram'
    | 'summary';
  readonly unit: string | undefined;
  /** The sum of a histogram or summary; undefined where the sender left it out. */
  readonly value: number | undefined;
  /** How many measurements are in it: 1 but for histograms and summaries. */
  readonly count: number;
  readonly time: number;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly attributes: Attributes;
  readonly service: string | undefined;
}

/** What a Sentry SDK dropped and why. https://develop.sentry.dev/sdk/telemetry/client-reports/ */
export interface SinkClientReport extends Arrived {
  readonly time: number | undefined;
  readonly discarded: readonly {
    readonly reason: string;
    readonly category: string;
    readonly quantity: number;
  }[];
}

/** An envelope item without a form of its own here: sessions, check-ins, attachments, profiles, unknown ones. */
export interface SinkItem extends Arrived {
  readonly type: string;
  readonly header: Attributes;
  /** Parsed where it is JSON, else the bytes. */
  readonly payload: unknown;
}

/** What a backend would have refused or dropped. Tests assert that there is none of it. */
export interface SinkInvalid {
  /** The part that is wrong, e.g. `span-v2 container`. */
  readonly where: string;
  readonly reason: string;
  readonly raw: unknown;
}

export interface SinkRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Size of the body as sent, before decompression. */
  readonly bytes: number;
  /** What was answered; `hung` when told never to answer, `aborted` when the client left before its body was complete. */
  readonly outcome: number | 'hung' | 'aborted';
}

/** The lists by name; what a request brought and what the sink holds have the same form. */
export interface TelemetryKinds {
  requests: SinkRequest;
  spans: SinkSpan;
  errors: SinkError;
  transactions: SinkTransaction;
  logs: SinkLog;
  metrics: SinkMetric;
  clientReports: SinkClientReport;
  items: SinkItem;
  invalid: SinkInvalid;
}

export type Telemetry = { [Kind in keyof TelemetryKinds]: TelemetryKinds[Kind][] };

export function noTelemetry(): Telemetry {
  return {
    requests: [],
    spans: [],
    errors: [],
    transactions: [],
    logs: [],
    metrics: [],
    clientReports: [],
    items: [],
    invalid: [],
  };
}

/** Both backends know a service by the same attribute: OTLP has it in the resource, Sentry among a span's own. */
export function serviceName(attributes: Attributes): string | undefined {
  const service = attributes['service.name'];
  return typeof service === 'string' ? service : undefined;
}
