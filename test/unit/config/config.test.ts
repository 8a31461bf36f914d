import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/config.ts';

const DSN = 'https://abcdef0123456789abcdef0123456789@o1.ingest.example.com/42';
const app = { name: 'shop', version: '1.2.3' };
const resolve = (env: NodeJS.ProcessEnv) => resolveConfig(env, app);

describe('the configuration', () => {
  it('needs nothing but a DSN, and sends nothing to localhost then', () => {
    const { config, problems } = resolve({ SENTRY_DSN: DSN });
    expect(problems).toEqual([]);
    expect(config.sentry).toMatchObject({
      dsn: DSN,
      environment: 'production',
      release: 'shop@1.2.3',
      tracesSampleRate: 0.1,
      maxBreadcrumbs: 50,
      tags: { service: 'shop' },
    });
    expect(config.openTelemetry).toMatchObject({
      traceExporters: [],
      metrics: { exporters: [] },
      logs: { exporters: [] },
      sampler: 'parentbased_always_on',
    });
    expect(config.flushTimeoutMs).toBe(2_000);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, ['otlp']],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318/v1/traces' }, ['otlp']],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, ['otlp']],
    [{ OTEL_TRACES_EXPORTER: 'console, zipkin,console' }, ['console', 'zipkin']],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, []],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '  ' }, []],
    [{}, []],
  ])('exports traces as %j says: %j', (env, exporters) => {
    expect(resolve(env).config.openTelemetry.traceExporters).toEqual(exporters);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, ['otlp'], ['otlp']],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c:4318/v1/metrics' }, ['otlp'], []],
    [{ OTEL_LOGS_EXPORTER: 'otlp,console' }, [], ['otlp', 'console']],
    [{ OTEL_METRICS_EXPORTER: 'prometheus' }, ['prometheus'], []],
    [{ OTEL_METRICS_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, [], ['otlp']],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318/v1/traces' }, [], []],
  ])('exports metrics and logs as %j says: %j, %j', (env, metrics, logs) => {
    const { openTelemetry } = resolve(env).config;
    expect([openTelemetry.metrics.exporters, openTelemetry.logs.exporters]).toEqual([metrics, logs]);
  });

  it("takes each signal's protocol from its own variable, then from the common one", () => {
    const { config, problems } = resolve({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/protobuf',
      OTEL_METRIC_EXPORT_INTERVAL: '5000',
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'DELTA',
      OTEL_BLRP_SCHEDULE_DELAY: '100',
    });
    expect(problems).toEqual([]);
    expect(config.openTelemetry).toMatchObject({
      otlpProtocol: 'grpc',
      metrics: {
        otlpHttp: {
          protocol: 'http/json',
          temporality: 'delta',
          intervalMillis: 5_000,
          timeoutMillis: 5_000,
        },
      },
      logs: { otlpHttp: { protocol: 'http/protobuf', batch: { scheduledDelayMillis: 100 } } },
    });
  });

  it('names an unknown protocol once', () => {
    const { problems } = resolve({ OTEL_EXPORTER_OTLP_PROTOCOL: 'smoke' });
    expect(problems).toEqual([
      'OTEL_EXPORTER_OTLP_PROTOCOL: unknown value (got "smoke", expected http/protobuf, http/json, grpc)',
    ]);
  });

  it.each([
    [{}, 'production', 0.1],
    [{ NODE_ENV: 'development' }, 'development', 1],
    [
      { NODE_ENV: 'development', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=production' },
      'production',
      0.1,
    ],
    [{ NODE_ENV: 'production', SENTRY_ENVIRONMENT: 'staging' }, 'staging', 1],
    [{ SENTRY_ENVIRONMENT: 'production', SENTRY_TRACES_SAMPLE_RATE: '0' }, 'production', 0],
  ])('takes environment and sample rate from %j: %s, %d', (env, environment, tracesSampleRate) => {
    expect(resolve({ SENTRY_DSN: DSN, ...env }).config.sentry).toMatchObject({
      environment,
      tracesSampleRate,
    });
  });

  it('takes service, version and team from the resource attributes', () => {
    const env = {
      SENTRY_DSN: DSN,
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=a%20b, service.version=7,team=core,broken,=x',
    };
    expect(resolve(env).config.sentry).toMatchObject({
      release: 'a b@7',
      tags: { service: 'a b', team: 'core' },
    });
    expect(resolve({ ...env, OTEL_SERVICE_NAME: 'c', SENTRY_RELEASE: 'r' }).config).toMatchObject({
      sentry: { release: 'r', tags: { service: 'c' } },
      openTelemetry: { serviceName: 'c' },
    });
  });

  it.each([
    [undefined, ['tracecontext', 'sentry', 'baggage'], []],
    ['tracecontext,baggage', ['tracecontext', 'baggage', 'sentry'], []],
    ['sentry,tracecontext,baggage', ['sentry', 'tracecontext', 'baggage'], []],
    ['b3, tracecontext', ['tracecontext', 'sentry'], ['b3']],
    [
      'tracecontext,xray,Datadog,jaeger,b3multi,masstransit,googlepubsub',
      ['tracecontext', 'sentry'],
      ['xray', 'datadog', 'jaeger', 'b3multi', 'masstransit', 'googlepubsub'],
    ],
    ['none', [], []],
  ])('reads OTEL_PROPAGATORS=%s as %j and %j', (propagators, formats, foreignFormats) => {
    const { config, problems } = resolve({
      ...(propagators !== undefined && { OTEL_PROPAGATORS: propagators }),
    });
    expect(config.openTelemetry).toMatchObject({ formats, foreignFormats });
    expect(problems).toEqual([]);
  });

  it.each([
    [
      { SENTRY_TRACES_SAMPLE_RATE: '2', SENTRY_DSN: DSN },
      'SENTRY_TRACES_SAMPLE_RATE: not a number in range (got "2", expected 0 to 1)',
    ],
    [
      { OTEL_TRACES_SAMPLER: 'sometimes' },
      /^OTEL_TRACES_SAMPLER: unknown value \(got "sometimes", expected always_on, /,
    ],
    [
      { OTEL_TRACES_EXPORTER: 'oltp' },
      'OTEL_TRACES_EXPORTER: unknown exporter (got "oltp", expected otlp, console, zipkin or none)',
    ],
    [
      { OTEL_PROPAGATORS: 'w3c' },
      /^OTEL_PROPAGATORS: unknown propagator \(got "w3c", expected tracecontext, /,
    ],
    [{ OTEL_SDK_DISABLED: 'yes' }, 'OTEL_SDK_DISABLED: not a boolean (got "yes", expected true or false)'],
    [
      { OTEL_SENTRY_FLUSH_TIMEOUT: '2s' },
      'OTEL_SENTRY_FLUSH_TIMEOUT: not a number in range (got "2s", expected 0 to 60000 ms)',
    ],
  ])('tells what is wrong with %j in one line', (env, line) => {
    const { problems } = resolve(env);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(line);
  });

  it.each([
    'abcdef0123456789abcdef0123456789@o1.ingest.example.com/42',
    'https://abcdef0123456789abcdef0123456789@o1.ingest.example.com',
    'https://abcdef0123456789abcdef0123456789:secret@host/',
    'abcdef0123456789abcdef0123456789',
    'https://o1.ingest.example.com/42',
  ])('names the malformed DSN %s without its key, and leaves Sentry off', (dsn) => {
    const { config, problems } = resolve({ SENTRY_DSN: dsn });
    expect(config.sentry).toBeUndefined();
    expect(problems).toEqual([
      expect.stringMatching(/^SENTRY_DSN: not a DSN, Sentry is off \(got ".*", expected https:/),
    ]);
    expect(problems[0]).not.toContain('abcdef0123456789');
    expect(problems[0]).not.toContain('secret');
  });

  it('never throws, whatever the variables hold', () => {
    const names = [
      'SENTRY_DSN',
      'SENTRY_TRACES_SAMPLE_RATE',
      'OTEL_RESOURCE_ATTRIBUTES',
      'OTEL_PROPAGATORS',
      'OTEL_TRACES_EXPORTER',
      'OTEL_TRACES_SAMPLER_ARG',
      'OTEL_BSP_MAX_QUEUE_SIZE',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary' })), (env) => {
        for (const problem of resolve(env).problems) expect(problem.split(':')[0]).toBeOneOf(names);
      }),
    );
  });
});
