import type { StreamedSpanJSON } from '@sentry/core';

/**
 * What Sentry's Queues page needs beyond OpenTelemetry's conventions. It groups by destination, so that those a broker
 * makes up for one connection are told by their template; and it wants an id of every message: where the application
 * gave none, the id of the span that sent the message, which both ends know.
 *
 * @see https://develop.sentry.dev/sdk/telemetry/traces/modules/queues/
 */
export function describeQueueSpan(json: StreamedSpanJSON, attributes: Record<string, unknown>): void {
  if (attributes['messaging.system'] === undefined) return;
  const template = attributes['messaging.destination.template'];
  if (attributes['messaging.destination.temporary'] === true && template !== undefined) {
    attributes['messaging.destination.name'] = template;
  }
  const sender = attributes['messaging.batch.message_count'] === undefined && senderOf(json, attributes);
  if (sender) attributes['messaging.message.id'] ??= sender;
}

function senderOf(json: StreamedSpanJSON, attributes: Record<string, unknown>): string | undefined {
  switch (attributes['messaging.operation.type']) {
    case 'send':
      return json.span_id;
    case 'receive':
      return json.links?.[0]?.span_id;
    case 'process':
      // A reply, and a message whose trace is long over, are linked to what sent them; others are its children.
      return (json.is_segment ? json.parent_span_id : undefined) ?? json.links?.[0]?.span_id;
    default:
      return undefined;
  }
}
