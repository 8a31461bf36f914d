import type { ReceivedMessage } from './message.ts';

/** What is known of a message whose handler failed. */
export interface HandlerErrorInfo {
  /** `messaging.system`. */
  readonly system: string;
  /** The destination, generated parts left out. */
  readonly destination: string;
}

/** How messages are traced in this process; every default is filled in. */
export interface MessagingOptions {
  /** Whether spans carry the obsolete attributes beside the current ones. */
  readonly obsoleteAttributes: boolean;
  /** A message older than this (ms) gets a new trace, linked to its own, instead of continuing it. */
  readonly maxAgeMs: number;
  /** How long (ms) a delivered message may stay unsettled before its span ends without an outcome. */
  readonly settlementTimeoutMs: number;
  /**
   * Gets what a handler throws or rejects with, once, in the message's context; undefined: errors stay on spans.
   * What it throws is counted in `messagingCounters` and goes no further.
   */
  readonly onHandlerError: ((error: unknown, info: HandlerErrorInfo) => unknown) | undefined;
}

export const DEFAULT_OPTIONS: MessagingOptions = {
  obsoleteAttributes: false,
  maxAgeMs: 3_600_000,
  settlementTimeoutMs: 1_800_000,
  onHandlerError: undefined,
};

interface Runtime {
  options: MessagingOptions;
  /** The client libraries that an instrumentation of ours traces. */
  clients: readonly string[];
  /** Messages that a client gave the application without a handler around each: of batches, of `channel.get`. */
  readonly received: WeakMap<object, ReceivedMessage>;
  readonly counters: MessagingCounters;
}

/** Faults that were kept from the application, since the start of the process. */
export interface MessagingCounters {
  /** Errors inside the telemetry of messages. */
  internalErrors: number;
  /** Spans that ended without an outcome because too many were open. */
  evicted: number;
}

// The preload and the helpers that an application imports are two bundles of one package in one process.
const KEY = Symbol.for('@acme/otel-sentry.messaging.1');
const globals = globalThis as { [KEY]?: Runtime };

const runtime: Runtime = globals[KEY] ?? {
  options: DEFAULT_OPTIONS,
  clients: [],
  received: new WeakMap(),
  counters: { internalErrors: 0, evicted: 0 },
};
globals[KEY] = runtime;

/** How many faults were kept from the application; one object a process, read it whenever you like. */
export const messagingCounters: Readonly<MessagingCounters> = runtime.counters;

/** Counted, never thrown: telemetry must not break the handling of a message. */
export function countInternalError(): void {
  runtime.counters.internalErrors++;
}

export function countEvicted(): void {
  runtime.counters.evicted++;
}

/** Sets how messages are traced, for this process. */
export function configureMessaging(options: Partial<MessagingOptions>): void {
  runtime.options = { ...DEFAULT_OPTIONS, ...options };
}

export function messagingOptions(): MessagingOptions {
  return runtime.options;
}

/** @param clients `kafkajs`, `amqplib`. */
export function setTracedClients(clients: readonly string[]): void {
  runtime.clients = clients;
}

export function isTracedClient(client: string): boolean {
  return runtime.clients.includes(client);
}

/** Remembers what is known of a message that the application has in its hands, for as long as it has it. */
export function rememberReceived(message: object, received: ReceivedMessage): void {
  runtime.received.set(message, received);
}

export function receivedMessageOf(message: object): ReceivedMessage | undefined {
  return runtime.received.get(message);
}
