import type { ContextManager } from '@opentelemetry/api';
import type { Integration } from '@sentry/core';
import type { NodeClient, NodeOptions } from '@sentry/node';
import { type HeaderFormat, SentryPropagator } from '../../propagators/propagator.ts';
import { resolveConfig, type SentryConfig } from '../config/config.ts';
import { report } from '../diagnostics.ts';
import { createSampler } from '../opentelemetry/sampler.ts';
import type { DelegateSampler, IdGenerator } from '../opentelemetry/sdk-interfaces.ts';
import { followOpenTelemetryContext } from './async-context.ts';
import { type ClientOptions, startClient } from './client.ts';
import { SentryContextManager } from './context-manager.ts';
import { mirrorCoreSpans } from './core-spans.ts';
import { describeErrorEvents } from './error-events.ts';
import { giveScopesTo, storageOf } from './foreign-context.ts';
import { SentryIdGenerator } from './id-generator.ts';
import { nameSpanOnLogs } from './log-spans.ts';
import { watchForOtherVersions } from './other-versions.ts';
import { tellUnreachable } from './reachability.ts';
import {
  captureHandlerError,
  captureRouteError,
  noteOutgoingRequest,
  rememberRequest,
} from './request-hooks.ts';
import { SentrySampler } from './sampler.ts';
import { sentryCopy, sentryNode } from './sdk.ts';
import { nameServiceOn } from './service-name.ts';
import { SentrySpanProcessor } from './span-processor.ts';
import { ClientTraceSource } from './trace-source.ts';

export interface SentryPipelineOptions {
  /** Default: from the environment. */
  readonly config?: SentryConfig | undefined;
  /** Takes OpenTelemetry's sampling decision. Default: as `OTEL_TRACES_SAMPLER` says, `parentbased_always_on`. */
  readonly sampler?: DelegateSampler | undefined;
  /** Whether spans that only OpenTelemetry samples have somewhere to go. Default: true. */
  readonly recordForOpenTelemetry?: boolean | undefined;
  /** Header formats in order of precedence. Default: as `OTEL_PROPAGATORS` says. */
  readonly formats?: readonly HeaderFormat[] | undefined;
  /** Sentry integrations beside the default ones, or in their place by name. */
  readonly integrations?: readonly Integration[] | undefined;
  readonly transport?: NodeOptions['transport'];
  /** Any other option of Sentry's client, such as `beforeSend` or `tracesSampler`; they beat the configuration. */
  readonly sentryOptions?: ClientOptions | undefined;
}

/** Sentry's client and the OpenTelemetry parts that are tied to it. */
export interface SentryPipeline {
  readonly client: NodeClient;
  readonly spanProcessor: SentrySpanProcessor;
  readonly sampler: SentrySampler;
  readonly propagator: SentryPropagator;
  readonly contextManager: SentryContextManager;
  /** Has Sentry's scopes follow another context manager, in the place of `contextManager`. */
  readonly followContextManager: (manager: ContextManager) => void;
  readonly idGenerator: IdGenerator;
  /** Sends what is unsent, within two seconds, and closes Sentry's client. Call it after the SDK's own shutdown. */
  readonly shutdown: () => Promise<void>;
  /** For instrumentations of web frameworks, which see the errors of routes. */
  readonly captureRouteError: typeof captureRouteError;
  /** For instrumentations of message brokers, which see the errors of handlers. */
  readonly captureHandlerError: typeof captureHandlerError;
  /** Options by which instrumentations tell Sentry of requests. */
  readonly instrumentationConfigs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const SHUTDOWN_TIMEOUT_MS = 2_000;
/** Envelopes under way at once. There is one for each trace; of all that a flush sends, Sentry's 64 would drop the rest. */
const TRANSPORT_BUFFER_SIZE = 1_000;

/** Takes the place of Sentry's own integration of this name, which would send `Sentry.startSpan`'s spans a second time. */
const REPLACED_STREAMING: Integration = { name: 'SpanStreaming' };

const makeRoomyTransport: typeof sentryNode.makeNodeTransport = (options) =>
  sentryNode.makeNodeTransport({ bufferSize: TRANSPORT_BUFFER_SIZE, ...options });

/**
 * Starts Sentry's client and makes the OpenTelemetry parts that belong to it; registering them is the caller's. One
 * pipeline a process: Sentry has one client.
 *
 * @returns undefined where `SENTRY_DSN` is missing or malformed, which is told on stderr in one line.
 */
export function createSentryPipeline(options: SentryPipelineOptions = {}): SentryPipeline | undefined {
  const fromEnvironment = options.config === undefined ? resolveConfig(process.env) : undefined;
  for (const problem of fromEnvironment?.problems ?? []) report(problem);
  const config = options.config ?? fromEnvironment?.config.sentry;
  if (config === undefined) return undefined;
  const openTelemetry = fromEnvironment?.config.openTelemetry;

  const client = startClient(config, {
    integrations: [REPLACED_STREAMING, ...(options.integrations ?? [])],
    options: options.sentryOptions ?? {},
    transport: options.transport ?? tellUnreachable(makeRoomyTransport, report),
  });
  if (client === undefined) return undefined;

  watchForOtherVersions(sentryCopy, report);
  mirrorCoreSpans(client);
  describeErrorEvents(client);
  nameSpanOnLogs(client);
  if (config.serviceName !== undefined) nameServiceOn(client, config.serviceName);
  const spanProcessor = new SentrySpanProcessor(client);
  const contextManager = new SentryContextManager();
  const propagator = new SentryPropagator({
    formats: options.formats ?? openTelemetry?.formats,
    source: new ClientTraceSource(client),
  });
  // After `init`, which sets a strategy of Sentry's own.
  followOpenTelemetryContext(contextManager.asyncLocalStorage, propagator);
  return {
    client,
    spanProcessor,
    sampler: new SentrySampler(client, {
      delegate: options.sampler ?? (openTelemetry && createSampler(openTelemetry)),
      coupled: config.coupled,
      recordForOpenTelemetry: options.recordForOpenTelemetry,
      ignoredPaths: config.ignoredPaths,
    }),
    propagator,
    contextManager,
    followContextManager: (manager) => {
      giveScopesTo(manager);
      followOpenTelemetryContext(storageOf(manager), propagator);
    },
    idGenerator: new SentryIdGenerator(),
    shutdown: async () => {
      await spanProcessor.shutdown();
      await client.close(SHUTDOWN_TIMEOUT_MS);
    },
    captureRouteError,
    captureHandlerError,
    instrumentationConfigs: {
      '@opentelemetry/instrumentation-http': {
        requestHook: rememberRequest,
        responseHook: noteOutgoingRequest,
      },
    },
  };
}
