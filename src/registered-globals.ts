import { type ContextManager, context, trace } from '@opentelemetry/api';
import { registeredContextManager, registeredTracerProvider } from './existing-setup.ts';

/**
 * Has the preload's copy of `@opentelemetry/api` find what another copy registered, whatever that copy's version: by
 * itself a newer copy finds nothing of an older one's, without a word, and which version a distribution carries is not
 * ours to choose. The interfaces are the same in all of 1.x.
 */
export function findRegisteredGlobals(): void {
  // Private in the API's class, and where all its methods get the context manager from.
  const contexts = context as unknown as { _getContextManager(): ContextManager };
  const ownContextManager = contexts._getContextManager.bind(contexts);
  contexts._getContextManager = () => registeredContextManager() ?? ownContextManager();
  const ownTracerProvider = trace.getTracerProvider.bind(trace);
  trace.getTracerProvider = () => registeredTracerProvider() ?? ownTracerProvider();
}
