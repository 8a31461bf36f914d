import { gzipSync } from 'node:zlib';
import type { Envelope, EnvelopeItemType } from '@sentry/core';
import type { NodeOptions } from '@sentry/node';
import type { Payload } from './pending.ts';

/** What is used of the `@sentry/core` whose client sends. */
export type SentryCore = Pick<
  typeof import('@sentry/core'),
  | 'createEnvelope'
  | 'envelopeItemTypeToDataCategory'
  | 'forEachEnvelopeItem'
  | 'isRateLimited'
  | 'serializeEnvelope'
  | 'updateRateLimits'
>;

export type MakeTransport = NonNullable<NodeOptions['transport']>;
export type SentryTransportOptions = Parameters<MakeTransport>[0];
export type RateLimits = ReturnType<SentryCore['updateRateLimits']>;

/** Sentry's transport compresses from the same size on. */
const GZIP_FROM_BYTES = 32 * 1024;

/**
 * The POST that Sentry's transport would make of an envelope, without what Sentry's rate limits forbid.
 * @returns undefined where they forbid all of it.
 * @see https://develop.sentry.dev/sdk/foundations/transport/rate-limiting/
 */
export function envelopePayload(
  core: SentryCore,
  envelope: Envelope,
  options: SentryTransportOptions,
  rateLimits: RateLimits,
): Payload | undefined {
  const forbidden = (type: EnvelopeItemType) =>
    core.isRateLimited(rateLimits, core.envelopeItemTypeToDataCategory(type));
  const items: Envelope[1][number][] = [];
  core.forEachEnvelopeItem(envelope, (item, type) => {
    if (!forbidden(type)) items.push(item);
  });
  if (items.length === 0) return undefined;

  // The items are those of `envelope`, of whichever kind it is.
  const serialized = core.serializeEnvelope(core.createEnvelope(envelope[0], items as never[]) as Envelope);
  const body = typeof serialized === 'string' ? new TextEncoder().encode(serialized) : serialized;
  const compress = body.byteLength > GZIP_FROM_BYTES;
  const proxy = proxyFor(options);
  return {
    url: options.url,
    headers: { ...options.headers, ...(compress && { 'content-encoding': 'gzip' }) },
    body: compress ? gzipSync(body) : body,
    ...(proxy !== undefined && { proxy }),
    ...(options.caCerts !== undefined && { tls: { ca: options.caCerts } }),
  };
}

/** The proxy that Sentry's transport takes: from its option, else from the variables that it reads. */
function proxyFor({ proxy, url }: SentryTransportOptions): Payload['proxy'] {
  const { https_proxy, http_proxy, no_proxy } = process.env;
  const chosen = proxy || (url.startsWith('https:') && https_proxy) || http_proxy;
  if (!chosen) return undefined;
  return { http_proxy: chosen, https_proxy: chosen, ...(no_proxy && { no_proxy }) };
}
