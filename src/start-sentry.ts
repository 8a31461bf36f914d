import { debug, report } from './diagnostics.ts';
import { fatalCapture } from './lifecycle/fatal-capture.ts';
import type { CaptureFatal } from './lifecycle/fatal-errors.ts';
import { TrackedTransport } from './lifecycle/sentry-transport.ts';
import { contextLines } from './sentry/integrations/context-lines.ts';
import { nodeContext } from './sentry/integrations/node-context.ts';
import { createSentryPipeline, type SentryPipeline, type SentryPipelineOptions } from './sentry/pipeline.ts';
import { tellUnreachable } from './sentry/reachability.ts';
import { core, sentryNode } from './sentry/sdk.ts';

/** Sentry's side of the preload: the pipeline, and what the end of the process needs of it. */
export interface SentryStart {
  readonly pipeline: SentryPipeline;
  readonly transport: TrackedTransport;
  readonly captureFatal: CaptureFatal;
}

/**
 * A process that ends prints what it would without us: only one that still runs after this long is told that Sentry
 * can't be reached.
 */
const TELL_AFTER_MS = 5_000;

export function startSentry(options: SentryPipelineOptions): SentryStart | undefined {
  const transport = new TrackedTransport({
    core,
    makeTransport: tellUnreachable(sentryNode.makeNodeTransport, (line) => {
      setTimeout(() => report(line), TELL_AFTER_MS).unref();
    }),
    collect: () => pipeline?.client.emit('flush'),
    onDiagnostic: debug,
  });
  const pipeline = createSentryPipeline({
    ...options,
    transport: transport.makeTransport,
    integrations: [nodeContext(), contextLines(core)],
  });
  return pipeline && { pipeline, transport, captureFatal: fatalCapture(core, transport, debug) };
}
