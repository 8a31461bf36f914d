import { context, createContextKey, type Span, trace } from '@opentelemetry/api';
import type { Client, Event } from '@sentry/core';
import type { LocalRoot } from './local-root.ts';
import { scopesOf } from './scopes.ts';
import { core } from './sdk.ts';
import { localRootOf } from './trace-data.ts';

// OpenTelemetry's own key (`@opentelemetry/core`, rpc-metadata): context keys are shared by their name.
const RPC_METADATA = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');

/**
 * Names the request or message on error events: transaction with its route, and the request's data. It is read when
 * an event is captured, so that requests without errors pay nothing, and from the context, so that it is there in
 * traces that nobody samples.
 */
export function describeErrorEvents(client: Client): void {
  client.on('preprocessEvent', (event) => {
    if (event.type !== undefined) return;
    const active = context.active();
    const root = localRootOf(trace.getSpanContext(active)) ?? scopesOf(active).localRoot;
    if (root !== undefined) describe(event, root);
  });
}

function describe(event: Event, root: LocalRoot): void {
  // The key's value is OpenTelemetry's `RPCMetadata`.
  const metadata = context.active().getValue(RPC_METADATA) as { route?: string; span?: Span } | undefined;
  event.transaction ??= root.transactionName(metadata?.route ?? root.route);
  if (root.request === undefined) return;
  event.sdkProcessingMetadata = {
    // Node's type allows `undefined` where Sentry's leaves the property out.
    normalizedRequest: core.httpRequestToRequestData(
      root.request as Parameters<typeof core.httpRequestToRequestData>[0],
    ),
    ...event.sdkProcessingMetadata,
  };
}
