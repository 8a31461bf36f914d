/** How what arrives is meant to differ from what OpenTelemetry's own register sends. A test fails on anything else. */

export interface Intended {
  /** `-`: only without us; `+`: only with us. */
  readonly line: RegExp;
  readonly reason: string;
}

export const SERVICE_NAME: readonly Intended[] = [
  {
    line: /^- resource service\.name = "unknown_service:/,
    reason: 'OpenTelemetry has no name for a service that gives none',
  },
  {
    line: /^\+ resource service\.name = "@acme\/otel-sentry"$/,
    reason: 'we take the one in its package.json: Sentry shows services by it, and so do most OTLP backends',
  },
];

export const SENTRY_LINK: readonly Intended[] = [
  {
    line: /^\+ \/orders\/7: GET \/orders\/:id: link e{32} 1234567890abcdef$/,
    reason: 'a sentry-trace of another trace than traceparent lost, and is linked so that nothing is',
  },
];

export const SENTRY_HEADERS: readonly Intended[] = [
  {
    line: /^\+ header on \S+: sentry-trace [\da-f]{32}-[\da-f]{16}-1$/,
    reason: "Sentry's decision, and the trace for services that have Sentry alone",
  },
  {
    line: /^\+ header on \S+: baggage sentry-(environment|release|public_key|trace_id|sampled|sample_rand|sample_rate)=[^,]*$/,
    reason: "Sentry's dynamic sampling context, which its specification puts among the members of baggage",
  },
  {
    line: /^- header on \/orders\/7: baggage sentry-trace_id=e{32}$/,
    reason: 'that of the trace which lost gives way to that of the trace which goes on',
  },
];

export const NO_SENTRY_BAGGAGE: readonly Intended[] = [
  {
    line: /^- header on \/(relay\/4|orders\/7): baggage sentry-/,
    reason:
      "without Sentry its headers aren't read: the members that describe a sentry-trace aren't sent on without it",
  },
];
