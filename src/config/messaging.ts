import { DEFAULT_OPTIONS, type MessagingOptions } from '../messaging/runtime.ts';
import type { Environment } from './environment.ts';

export interface MessagingConfig extends Omit<MessagingOptions, 'onHandlerError'> {
  /** Whether Sentry gets what the handlers of messages throw. */
  readonly captureErrors: boolean;
}

/** In milliseconds: what Node's timers can wait. */
const MAX_TIMEOUT = 2 ** 31 - 1;

export function messagingConfig(env: Environment): MessagingConfig {
  const milliseconds = (name: string, max: number) => env.number(name, { min: 1, max, unit: ' ms' });
  return {
    // Ours have no users of the obsolete names alone; `messaging` asks for what they are anyway.
    obsoleteAttributes: env.list('OTEL_SEMCONV_STABILITY_OPT_IN')?.includes('messaging/dup') ?? false,
    maxAgeMs:
      milliseconds('OTEL_SENTRY_MESSAGE_MAX_AGE', Number.MAX_SAFE_INTEGER) ?? DEFAULT_OPTIONS.maxAgeMs,
    settlementTimeoutMs:
      milliseconds('OTEL_SENTRY_SETTLEMENT_TIMEOUT', MAX_TIMEOUT) ?? DEFAULT_OPTIONS.settlementTimeoutMs,
    captureErrors: env.boolean('OTEL_SENTRY_MESSAGING_ERRORS', true),
  };
}
