import { duration, element } from './dom.js';

const BACKENDS = [
  { key: 'sentry', title: 'Sentry', about: 'envelopes of streamed spans' },
  { key: 'otlp', title: 'OTLP', about: 'export requests, as a collector gets them' },
];

/** What is chosen is kept in the address, `#<trace id>/<span id>`. */
const chosen = () => {
  const [traceId, spanId] = location.hash.slice(1).split('/');
  return { traceId, spanId };
};

let traces = [];
let isLoading = false;
let isStale = false;

/** One request at a time, since arrivals come in bursts; what arrives meanwhile is asked for by the next. */
async function load() {
  isStale = true;
  if (isLoading) return;
  isLoading = true;
  try {
    while (isStale) {
      isStale = false;
      traces = await (await fetch('traces')).json();
      draw();
    }
  } finally {
    isLoading = false;
  }
}

function draw() {
  const { traceId, spanId } = chosen();
  const trace = traces.find((candidate) => candidate.traceId === traceId) ?? traces.at(-1);
  if (trace === undefined) return;
  document.querySelector('#traces').replaceChildren(...traces.map((each) => tab(each, each === trace)));
  const span = trace.spans.find((candidate) => candidate.spanId === spanId) ?? mostTelling(trace);
  document.querySelector('#trace').replaceChildren(...traceView(trace, span));
}

/** The span to start with: that of the error, else the first. */
function mostTelling(trace) {
  return trace.spans.find(({ errors }) => errors.length > 0) ?? trace.spans[0];
}

function tab(trace, current) {
  const failed = trace.spans.some(({ errors }) => errors.length > 0);
  return element(
    'a.tab',
    { href: `#${trace.traceId}`, 'aria-current': current ? 'page' : undefined },
    element('strong', {}, trace.orderId ? `Order ${trace.orderId}` : trace.traceId.slice(0, 8)),
    element(failed ? 'span.failed' : 'span.quiet', {}, failed ? '✗ failed' : '✓ fine'),
    element('span.quiet', {}, `${trace.services.length} services · ${duration(trace.duration)}`),
  );
}

function traceView(trace, selected) {
  const errors = trace.spans.flatMap((span) => span.errors.map((error) => errorBanner(trace, span, error)));
  return [
    element(
      'section.summary',
      {},
      element('p', {}, 'Trace ', element('code', {}, trace.traceId)),
      element(
        'ul.legend',
        {},
        trace.services.map((service) => element('li', hue(trace, service), service)),
      ),
    ),
    ...errors,
    element(
      'section.backends',
      {},
      BACKENDS.map((backend) => panel(trace, backend, selected)),
    ),
    element(
      'section.backends',
      { 'aria-label': 'Chosen span' },
      BACKENDS.map((backend) => details(trace, backend, selected)),
    ),
  ];
}

function errorBanner(trace, span, error) {
  const tags = Object.entries(error.tags).map(([key, value]) => element('code', {}, `${key}: ${value}`));
  return element(
    'a.error',
    { href: `#${trace.traceId}/${span.spanId}` },
    element('strong', {}, `${error.type}: ${error.value}`),
    element('span', {}, `in ${span.service}, ${error.transaction ?? ''}`),
    ...tags,
  );
}

function panel(trace, { key, title, about }, selected) {
  const copies = trace.spans.filter((span) => span[key]);
  return element(
    'article.panel',
    { 'data-backend': key },
    element('h2', {}, title, element('span.quiet', {}, ` ${copies.length} spans · ${about}`)),
    axis(trace),
    element(
      'ol.spans',
      {},
      trace.spans.map((span, index) => {
        const entered = span.service !== trace.spans[index - 1]?.service;
        return element('li', {}, row(trace, span, { copy: span[key], entered, current: span === selected }));
      }),
    ),
  );
}

function axis(trace) {
  const ticks = [0, 0.25, 0.5, 0.75].map((part) => element('span', {}, duration(trace.duration * part)));
  return element('div.axis', { 'aria-hidden': 'true' }, ticks);
}

/** One span of one backend; the service is named where the trace enters it. */
function row(trace, span, { copy, entered, current }) {
  if (copy === undefined) return element('div.row.missing', hue(trace, span.service), 'did not arrive');
  const scale = 100 / (trace.duration || 1);
  return element(
    'a.row',
    {
      href: `#${trace.traceId}/${span.spanId}`,
      title: `${span.service}: ${copy.name}`,
      'data-service': span.service,
      'data-span': span.spanId,
      'aria-current': current ? 'true' : undefined,
      ...hue(trace, span.service),
    },
    element(
      'span.label',
      { style: `--depth: ${span.depth}` },
      element('span.name', {}, entered ? element('strong', {}, `${span.service} `) : '', copy.name),
      marks(span, copy),
    ),
    element(
      'span.timeline',
      {},
      element(copy.failed ? 'span.bar.failing' : 'span.bar', {
        style: `left: ${copy.offset * scale}%; width: ${copy.duration * scale}%`,
      }),
    ),
    element('span.duration', {}, duration(copy.duration)),
  );
}

function marks(span, copy) {
  return [
    ...span.errors.map(({ type }) => element('span.failed', { title: type }, '✗')),
    ...(copy.links.length > 0 ? [element('span.link', { title: 'has a link' }, '↗')] : []),
  ];
}

function details(trace, { key, title }, span) {
  const copy = span[key];
  if (copy === undefined)
    return element('article.panel', {}, element('p.quiet', {}, `${title} has no such span`));
  const facts = [
    ['service', span.service],
    [key === 'sentry' ? 'operation' : 'kind', copy.operation],
    ['span id', span.spanId],
    ['parent', copy.parentSpanId ?? 'none'],
    ['status', copy.failed ? 'error' : 'fine'],
    ...copy.links.map((link) => ['link', `trace ${link.traceId}, span ${link.spanId}`]),
    ...(key === 'sentry' ? span.errors.map(({ type, value }) => ['error', `${type}: ${value}`]) : []),
    ...(key === 'sentry' ? span.logs.map((log) => ['log', log]) : []),
  ];
  return element(
    'article.panel',
    hue(trace, span.service),
    element('h2', {}, copy.name, element('span.quiet', {}, ` in ${title}`)),
    element('dl', {}, facts.flatMap(pair)),
    ...attributeLists(span, key, title),
  );
}

function attributeLists(span, key, title) {
  const other = span[key === 'sentry' ? 'otlp' : 'sentry'];
  const names = Object.keys(span[key].attributes).toSorted();
  const { shared = [], own = [] } = Object.groupBy(names, (name) =>
    other !== undefined && name in other.attributes ? 'shared' : 'own',
  );
  const list = (heading, keys) =>
    keys.length === 0
      ? []
      : [
          element('h3', {}, heading),
          element(
            'dl',
            {},
            keys.flatMap((name) => pair([name, span[key].attributes[name]])),
          ),
        ];
  return [...list('Attributes in both', shared), ...list(`Attributes in ${title} alone`, own)];
}

function pair([name, value]) {
  return [
    element('dt', {}, name),
    element('dd', {}, typeof value === 'string' ? value : JSON.stringify(value)),
  ];
}

/** A colour of its own for each service: see `--hue-…` in the style sheet. */
function hue(trace, service) {
  return { style: `--service: var(--hue-${trace.services.indexOf(service) % 5})` };
}

addEventListener('hashchange', draw);
new EventSource('arrivals').onmessage = load;
load();
