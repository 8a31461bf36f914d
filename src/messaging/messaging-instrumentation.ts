import type { Tracer } from '@opentelemetry/api';
import { InstrumentationBase, type InstrumentationConfig } from '@opentelemetry/instrumentation';
import { VERSION } from '../version.ts';

/** What the patches of a client library need of their instrumentation while they run. */
export interface Telemetry {
  isEnabled(): boolean;
  readonly tracer: Tracer;
}

/** The base class of the adapters: patches stay once they are made, and start nothing while it is disabled. */
export abstract class MessagingInstrumentation extends InstrumentationBase {
  /** @param client the library, which names the instrumentation scope. */
  constructor(client: string, config: InstrumentationConfig) {
    super(`@acme/otel-sentry/${client}`, VERSION, config);
  }

  /** For `init`, which the base class calls before any field of a subclass is there. */
  protected get telemetry(): Telemetry {
    const instrumentation = this;
    return {
      isEnabled: () => instrumentation.isEnabled(),
      // Another one once the tracer provider is set.
      get tracer() {
        return instrumentation.tracer;
      },
    };
  }
}
