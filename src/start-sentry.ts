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

export function startSentry(options: SentryPipelineOptions): SentryStart | undefined {
  const transport: TrackedTransport = new TrackedTransport({
    core,
    // A process that is about to end prints what it would without us.
    makeTransport: tellUnreachable(sentryNode.makeNodeTransport, (line) => {
      if (!transport.finishing) report(line);
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
