import type { TextMapPropagator } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { SentryPropagator } from '../propagators/propagator.ts';
import { packagesOfThisApp } from './app-packages.ts';
import { attach } from './attach.ts';
import { loadChunk } from './chunks.ts';
import { type Config, resolveConfig } from './config/config.ts';
import { debug, reason, report } from './diagnostics.ts';
import { type ExistingSetup, existingSetup } from './existing-setup.ts';
import { registerModuleHooks } from './instrumentations/module-hooks.ts';
import { loadInstrumentations } from './instrumentations/registry.ts';
import { messagingClientsOf } from './instrumentations/table/messaging.ts';
import { installLifecycle } from './lifecycle/lifecycle.ts';
import { standInForOthers } from './messaging/other-instrumentations.ts';
import { configureMessaging } from './messaging/runtime.ts';
import { createPropagator } from './opentelemetry/propagator.ts';
import { createSampler } from './opentelemetry/sampler.ts';
import type { DelegateSampler } from './opentelemetry/sdk-interfaces.ts';
import { createSignalExport, type SignalExport } from './opentelemetry/signal-export.ts';
import { createTraceExport, type TraceExport } from './opentelemetry/trace-export.ts';
import { resourceDetectors } from './resource.ts';
import type { SentryStart } from './start-sentry.ts';

type SentryModule = typeof import('./start-sentry.ts');

/** The parts, made and not yet registered with OpenTelemetry. */
interface Telemetry {
  readonly sentry: SentryStart | undefined;
  readonly traceExport: TraceExport;
  readonly signalExport: SignalExport;
  readonly sampler: Sampler;
  readonly propagator: TextMapPropagator<unknown>;
}

export interface StartOptions {
  /** `import.meta.resolve` of the preload's entry, which tells whether other loader hooks are there already. */
  readonly importResolve: (specifier: string) => string;
}

/** What the preload does: read the configuration, make the parts, register them. */
export function startFromEnvironment(options: StartOptions): void {
  const { config, problems } = resolveConfig(process.env);
  for (const problem of problems) report(problem);
  if (config.disabled) return;
  if (isIdle(config)) {
    if (problems.length === 0) report(TELEMETRY_OFF);
    return;
  }
  const existing = existingSetup(process.env, process.execArgv);
  if (existing === undefined) register(create(config), config, options);
  else standBeside(existing, config);
}

/** Where something else runs OpenTelemetry. */
function standBeside(existing: ExistingSetup, config: Config): void {
  const nothing = { spanProcessors: [], pending: [], asynchronous: [] };
  const sentry = config.sentry && startSentry(config, createSampler(config.openTelemetry), nothing);
  report(
    `OpenTelemetry: not started a second time (got ${existing.what}, expected none)` +
      (sentry === undefined ? '' : ': Sentry gets errors and logs on its spans, but not the spans'),
  );
  if (sentry !== undefined) attach(sentry, config);
}

const TELEMETRY_OFF =
  'SENTRY_DSN: not set, telemetry is off (got nothing, expected a DSN, or OTEL_EXPORTER_OTLP_ENDPOINT)';

function isIdle({ sentry, openTelemetry }: Config): boolean {
  const { traceExporters, metrics, logs } = openTelemetry;
  return sentry === undefined && [traceExporters, metrics.exporters, logs.exporters].every(isEmpty);
}

function isEmpty({ length }: { readonly length: number }): boolean {
  return length === 0;
}

function create(config: Config): Telemetry {
  const traceExport = createTraceExport(config.openTelemetry);
  const openTelemetrySampler = createSampler(config.openTelemetry);
  const sentry = config.sentry && startSentry(config, openTelemetrySampler, traceExport);
  return {
    sentry,
    traceExport,
    signalExport: createSignalExport(config.openTelemetry),
    sampler: sentry?.pipeline.sampler ?? openTelemetrySampler,
    propagator: createPropagator(
      sentry?.pipeline.propagator ??
        new SentryPropagator({ formats: config.openTelemetry.formats.filter((f) => f !== 'sentry') }),
      config.openTelemetry,
    ),
  };
}

/** Sentry is the application's package; without it, OpenTelemetry runs alone. */
function startSentry(
  config: Config,
  sampler: DelegateSampler,
  traceExport: TraceExport,
): SentryStart | undefined {
  try {
    return loadChunk<SentryModule>(import.meta.url, './start-sentry.ts').startSentry({
      config: config.sentry,
      sampler,
      recordForOpenTelemetry: traceExport.spanProcessors.length > 0,
      formats: config.openTelemetry.formats,
    });
  } catch (error) {
    report(
      isMissing(error)
        ? error.message
        : `@sentry/node: could not start, Sentry is off (got ${reason(error)}, expected no error)`,
    );
    return undefined;
  }
}

function ignore(): void {}

function isMissing(error: unknown): error is Error {
  return error instanceof Error && error.name === 'MissingSentryError';
}

function register(
  { sentry, traceExport, signalExport, sampler, propagator }: Telemetry,
  config: Config,
  options: StartOptions,
): void {
  const { metrics, serviceName } = config.openTelemetry;
  const pipeline = sentry?.pipeline;
  const instrumentations = loadInstrumentations({
    env: process.env,
    packages: packagesOfThisApp(),
    metrics: metrics.exporters.length > 0,
    // Without Sentry nobody is told of errors; the routes that come with them are for spans too.
    onRouteError: pipeline?.captureRouteError ?? ignore,
    ...(pipeline !== undefined && { configs: pipeline.instrumentationConfigs }),
    onProblem: report,
  });
  const sdk = new NodeSDK({
    instrumentations,
    sampler,
    textMapPropagator: propagator,
    resourceDetectors: resourceDetectors(process.env, report),
    spanProcessors: [
      ...(pipeline === undefined ? [] : [pipeline.spanProcessor]),
      ...traceExport.spanProcessors,
    ],
    ...(pipeline !== undefined && {
      contextManager: pipeline.contextManager,
      idGenerator: pipeline.idGenerator,
    }),
    ...(serviceName !== undefined && { serviceName }),
    ...signalExport.sdkOptions,
  });
  configureMessaging({
    ...config.messaging,
    onHandlerError: config.messaging.captureErrors ? pipeline?.captureHandlerError : undefined,
  });
  sdk.start();
  standInForOthers(messagingClientsOf(instrumentations));
  registerModuleHooks(instrumentations, { importResolve: options.importResolve, onProblem: report });
  installLifecycle({
    sources: [
      ...(sentry === undefined ? [] : [sentry.transport]),
      ...traceExport.pending,
      ...signalExport.pending,
    ],
    asynchronousSources: [...traceExport.asynchronous, ...signalExport.asynchronous],
    budgetMs: config.flushTimeoutMs,
    captureFatal: sentry?.captureFatal ?? ignore,
    onDiagnostic: debug,
  });
}
