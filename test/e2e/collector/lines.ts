/** What came of a run, as lines that are the same in two runs when nothing but chance tells them apart. */

import type { Attributes, SinkSpan } from '../../support/sink/index.ts';
import { CALLER, type Run, UPSTREAM } from './shop.ts';

const GIVEN = new Set<string>(Object.values(UPSTREAM));

/** Other in each run, whatever traces it; the preload itself is among the arguments. */
const BY_CHANCE = new Set([
  'network.peer.port',
  'process.command_args',
  'process.pid',
  'service.instance.id',
]);

/**
 * One line for each fact of each span: its place below the request's first span, kind, status, every attribute, event
 * and link, `tracestate`, flags.
 */
export function spanLines({ spans, port }: Run): readonly string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const wayTo = (span: SinkSpan): readonly SinkSpan[] => {
    const parent = byId.get(span.parentSpanId ?? '');
    return [...(parent === undefined ? [] : wayTo(parent)), span];
  };
  return spans.flatMap((span) => {
    const way = wayTo(span);
    const asked = String(way[0]?.attributes['url.path']);
    const caller = way[0]?.parentSpanId;
    // OTLP's JSON, which the sink has checked.
    const { traceState = '', flags } = span.raw as { readonly traceState?: string; readonly flags?: number };
    const facts = [
      `kind ${span.kind}`,
      `trace ${GIVEN.has(span.traceId) ? span.traceId : 'of its own'}`,
      `caller ${caller === undefined || caller === CALLER ? caller : 'unknown'}`,
      `status ${span.status} ${span.statusMessage ?? ''}`,
      `tracestate ${traceState}`,
      `flags ${flags}`,
      ...attributeLines('attribute', span.attributes, port),
      ...span.events.flatMap(({ name, attributes }) => attributeLines(`event ${name}`, attributes, port)),
      ...span.links.flatMap(({ traceId, spanId, attributes }) =>
        attributeLines(`link ${traceId} ${spanId}`, attributes, port),
      ),
    ];
    const place = `${asked}: ${way.map(({ name }) => name).join(' › ')}`;
    return facts.map((fact) => `${place}: ${fact}`);
  });
}

/** One line for each attribute of the resource that all spans of the run share. */
export function resourceLines({ spans, port }: Run): readonly string[] {
  const resources = spans.map(({ resource }) => attributeLines('resource', resource, port));
  return [...new Set(resources.flat())];
}

/** One line for each header of propagation, and for each member of `baggage`, on the shop's own requests. */
export function headerLines({ outgoing, spans }: Run): readonly string[] {
  const exported = new Map(spans.map(({ spanId, kind }) => [spanId, kind]));
  return [...outgoing].flatMap(
    ([path, { traceparent, tracestate, baggage, 'sentry-trace': sentryTrace }]) => {
      const [, traceId = '', spanId = '', flags] = traceparent?.split('-') ?? [];
      const members = baggage?.split(',') ?? [];
      return [
        `traceparent ${GIVEN.has(traceId) ? traceId : 'new'} of a ${exported.get(spanId)} span, flags ${flags}`,
        ...(tracestate === undefined ? [] : [`tracestate ${tracestate}`]),
        ...members.map((member) => `baggage ${member}`),
        ...(sentryTrace === undefined ? [] : [`sentry-trace ${sentryTrace}`]),
      ].map((line) => `header on ${path}: ${line}`);
    },
  );
}

/** What is in one list only, told by a sign before it; a line that is there twice counts twice. */
export function difference(without: readonly string[], withUs: readonly string[]): readonly string[] {
  return [
    ...missingFrom(withUs, without).map((line) => `- ${line}`),
    ...missingFrom(without, withUs).map((line) => `+ ${line}`),
  ].toSorted();
}

function missingFrom(list: readonly string[], wanted: readonly string[]): readonly string[] {
  const left = [...list];
  return wanted.filter((line) => {
    const index = left.indexOf(line);
    if (index !== -1) left.splice(index, 1);
    return index === -1;
  });
}

/** With no more than its keys where there are none, so that an event or a link without attributes has its line, too. */
function attributeLines(of: string, attributes: Attributes, port: number): readonly string[] {
  const entries = Object.entries(attributes);
  if (entries.length === 0 && of !== 'attribute') return [of];
  return entries.map(
    ([key, value]) => `${of} ${key} = ${BY_CHANCE.has(key) ? 'some' : withoutChance(key, value, port)}`,
  );
}

/** Less the shop's port, and the lines of a stack below its message. */
function withoutChance(key: string, value: unknown, port: number): string {
  const shown = key === 'exception.stacktrace' ? String(value).split('\n', 1)[0] : value;
  return (JSON.stringify(shown) ?? 'nothing').replace(new RegExp(`\\b${port}\\b`, 'g'), '<port>');
}
