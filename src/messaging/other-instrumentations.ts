import {
  type Attributes,
  type AttributeValue,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  type Link,
  ProxyTracerProvider,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type SpanStatus,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { NO_INJECTION } from '../../propagators/injection.ts';
import { messagingSpanIn } from './messaging-span.ts';
import { setTracedClients } from './runtime.ts';

/**
 * Keeps a second instrumentation of a client library, which the application or Sentry enabled, from making a second
 * span of each message and from writing a second context into its headers: its tracer makes no spans. Ours is the
 * one that stays because the other can't be made to behave.
 *
 * Call it once the process has its tracer provider, whose `getTracer` is replaced.
 *
 * @param libraries whose instrumentation of ours is active: `kafkajs`, `amqplib`.
 */
export function standInForOthers(libraries: readonly string[]): void {
  setTracedClients(libraries);
  if (libraries.length === 0) return;
  const provider = tracerProvider();
  // `@opentelemetry/instrumentation-kafkajs`, and Sentry 10's copy of it under its own scope.
  const others = new RegExp(`(^|[/-])instrumentation-(${libraries.join('|')})$`);
  const getTracer = provider.getTracer.bind(provider);
  provider.getTracer = (name, ...rest) =>
    others.test(name) ? new StandInTracer() : getTracer(name, ...rest);
}

/** The SDK's; what the API hands out is a proxy of it. */
function tracerProvider(): TracerProvider {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
}

class StandInTracer implements Tracer {
  startSpan(_name: string, { kind }: SpanOptions = {}, parent: Context = context.active()): Span {
    const running = kind === SpanKind.PRODUCER ? undefined : messagingSpanIn()?.span;
    return running === undefined ? passedOn(parent) : new BorrowedSpan(running);
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, ...rest: unknown[]): ReturnType<F> {
    // The overloads of OpenTelemetry's interface: (fn), (options, fn), (options, context, fn).
    const fn = rest.pop() as F;
    const [options, parent = context.active()] = rest as [SpanOptions?, Context?];
    const span = this.startSpan(name, options, parent);
    return context.with(trace.setSpan(parent, span), () => fn(span)) as ReturnType<F>;
  }
}

/** No span: what is started below it belongs to the parent, and nothing is injected in its name. */
export function passedOn(parent: Context): Span {
  const span = trace.wrapSpanContext(trace.getSpanContext(parent) ?? INVALID_SPAN_CONTEXT);
  return Object.defineProperty(span, NO_INJECTION, { value: true });
}

/** How OpenTelemetry's instrumentation of amqplib tells a settlement, as an error whichever it is. */
const SETTLEMENT = /^(nack|nackAll|reject) called on message/;

/** The span that another instrumentation has borrowed; any other span is itself. */
export function lenderOf(span: Span): Span {
  return BorrowedSpan.lenderOf(span);
}

/** Our span of the message, which another instrumentation may describe; only we name, settle and end it. */
class BorrowedSpan implements Span {
  readonly #span: Span;

  static lenderOf(span: Span): Span {
    return #span in span ? span.#span : span;
  }

  constructor(span: Span) {
    this.#span = span;
  }

  spanContext(): SpanContext {
    return this.#span.spanContext();
  }

  isRecording(): boolean {
    return this.#span.isRecording();
  }

  setAttribute(key: string, value: AttributeValue): this {
    this.#span.setAttribute(key, value);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    this.#span.setAttributes(attributes);
    return this;
  }

  addEvent(...event: Parameters<Span['addEvent']>): this {
    this.#span.addEvent(...event);
    return this;
  }

  addLink(link: Link): this {
    this.#span.addLink(link);
    return this;
  }

  addLinks(links: Link[]): this {
    this.#span.addLinks(links);
    return this;
  }

  setStatus(status: SpanStatus): this {
    if (!SETTLEMENT.test(status.message ?? '')) this.#span.setStatus(status);
    return this;
  }

  recordException(...exception: Parameters<Span['recordException']>): void {
    this.#span.recordException(...exception);
  }

  updateName(): this {
    return this;
  }

  end(): void {
    // Ours to end, when the message is handled and settled.
  }
}
