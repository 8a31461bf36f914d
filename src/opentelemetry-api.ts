/**
 * `@opentelemetry/api` as everything in the preload's bundle imports it (`scripts/build.ts` puts this module in its
 * place): the copy that came with the preload, or the application's where that is newer.
 */

import { createRequire } from 'node:module';
import { isNewerApi } from './api-version.ts';
import { packagesOfThisApp } from './app-packages.ts';
import { loadChunk } from './chunks.ts';

type Api = typeof import('@opentelemetry/api');

/** Written in by the build: the version of the copy that it bundles. */
declare const BUNDLED_API_VERSION: string;

function newestApi(): Api {
  const packages = packagesOfThisApp();
  const version = packages.version('@opentelemetry/api');
  const folder = packages.folder('@opentelemetry/api');
  if (version !== undefined && folder !== undefined && isNewerApi(version, BUNDLED_API_VERSION)) {
    // A newer minor or patch of the api has all that its predecessors export.
    return createRequire(import.meta.url)(folder) as Api;
  }
  return loadChunk<Api>(import.meta.url, '@opentelemetry/api');
}

const api = newestApi();

export const {
  DiagConsoleLogger,
  DiagLogLevel,
  INVALID_SPANID,
  INVALID_SPAN_CONTEXT,
  INVALID_TRACEID,
  ProxyTracer,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SamplingDecision,
  SeverityNumber,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  ValueType,
  baggageEntryMetadataFromString,
  context,
  createContextKey,
  createNoopLogger,
  createNoopMeter,
  createTraceState,
  defaultTextMapGetter,
  defaultTextMapSetter,
  diag,
  isSpanContextValid,
  isValidSpanId,
  isValidTraceId,
  metrics,
  propagation,
  trace,
} = api;

// Named, since a declaration file can't name the type that would be inferred.
export const logs: Api['logs'] = api.logs;
