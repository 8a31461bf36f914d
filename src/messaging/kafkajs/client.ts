/** What is used of kafkajs's producers and consumers, versions 1 and 2. */

import type { Telemetry } from '../messaging-instrumentation.ts';

/** A producer or a consumer, as its spans tell it. */
export interface Client extends Telemetry {
  /** `clientId`; undefined until it has spoken to a broker, which it does before it has any messages. */
  readonly id: string | undefined;
}

interface EventSource {
  /** Lacks most of today's events in kafkajs 1.0. */
  readonly events?: Readonly<Record<string, string>>;
  on(event: string, listener: (event: { readonly payload?: unknown }) => void): () => void;
}

/** Listens to one of kafkajs's instrumentation events. @param listener must not throw: kafkajs wouldn't stand it. */
export function onEvent(client: object, name: string, listener: (payload: unknown) => void): () => void {
  const source = client as Partial<EventSource>; // every property is checked
  const event = source.events?.[name];
  if (event === undefined || source.on === undefined) return () => undefined;
  return source.on(event, ({ payload }) => listener(payload));
}

/** kafkajs keeps a client's id to itself, but tells it with every request to a broker: the first one will do. */
export function describeClient(client: object, telemetry: Telemetry): Client {
  let id: string | undefined;
  const stop = onEvent(client, 'REQUEST', (payload) => {
    const { clientId } = payload as { clientId?: unknown }; // an object, by kafkajs's types
    if (typeof clientId === 'string') id = clientId;
    stop();
  });
  return {
    isEnabled: () => telemetry.isEnabled(),
    get tracer() {
      return telemetry.tracer;
    },
    get id() {
      return id;
    },
  };
}
