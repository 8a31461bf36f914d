import { styleText } from 'node:util';
import type { Trace, TraceSpan } from './trace.ts';

/** One colour for each service, in their order of appearance. */
const COLOURS = ['cyan', 'green', 'yellow', 'magenta', 'blue'] as const;

const MIN_WIDTH = 80;
const MAX_WIDTH = 160;
/** Columns of what has a fixed width: two letters, the duration, and a space after each column. */
const MARKERS_AND_DURATION = 15;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * Draws a trace as lines of text: where each span came from, its place in the tree, when it ran and how long.
 * @param width columns of the terminal; it uses between 80 and 160.
 */
export function waterfall(trace: Trace, width: number): string {
  const usable = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width));
  const serviceWidth = Math.max(...trace.services.map((service) => service.length));
  const nameWidth = Math.floor((usable - serviceWidth) * 0.42);
  const barWidth = usable - serviceWidth - nameWidth - MARKERS_AND_DURATION;
  const paint = new Painter(trace, barWidth);
  const lines = trace.spans.flatMap((span) => {
    const { sentry, otlp, service, depth } = span;
    const shown = otlp ?? sentry;
    if (shown === undefined) return []; // a span is in one of the two at least
    const { name } = sentry ?? shown; // Sentry's names tell more: they have the route or the URL
    return [
      [
        marker('S', sentry),
        marker('O', otlp),
        styleText(paint.colour(service), service.padEnd(serviceWidth)),
        styleText(shown.failed ? 'red' : 'reset', column('  '.repeat(depth) + name, nameWidth)),
        paint.bar(span),
        milliseconds(shown.duration).padStart(8),
      ].join(' '),
      ...notes(span).map((note) => ' '.repeat(5 + serviceWidth + 2 * depth) + note),
    ];
  });
  return lines.join('\n');
}

/** In the backend: its letter. Missing: a red cross. */
function marker(letter: string, present: unknown): string {
  return present === undefined ? styleText('red', '✗') : styleText('bold', letter);
}

class Painter {
  readonly #trace: Trace;
  readonly #width: number;

  constructor(trace: Trace, width: number) {
    this.#trace = trace;
    this.#width = width;
  }

  colour(service: string): (typeof COLOURS)[number] {
    return COLOURS[this.#trace.services.indexOf(service) % COLOURS.length] ?? 'cyan';
  }

  bar({ service, otlp, sentry }: TraceSpan): string {
    const { offset, duration, failed } = otlp ?? sentry ?? { offset: 0, duration: 0, failed: false };
    const scale = this.#width / Math.max(this.#trace.duration, 0.001);
    const start = Math.min(Math.floor(offset * scale), this.#width - 1);
    const length = Math.min(duration * scale, this.#width - start);
    const blocks = '█'.repeat(Math.floor(length)) + (EIGHTHS[Math.floor((length % 1) * 8)] ?? '');
    const drawn = blocks === '' ? '▏' : blocks;
    const after = ' '.repeat(Math.max(0, this.#width - start - drawn.length));
    return ' '.repeat(start) + styleText(failed ? 'red' : this.colour(service), drawn) + after;
  }
}

function notes({ errors, sentry, otlp }: TraceSpan): readonly string[] {
  const links = new Set([sentry, otlp].flatMap((side) => side?.links ?? []).map(({ traceId }) => traceId));
  return [
    ...errors.map((error) => styleText(['red', 'bold'], `✗ ${error.type}: ${error.value}`)),
    ...[...links].map((traceId) => styleText('dim', `↗ linked to trace ${traceId}`)),
  ];
}

/** Exactly that many columns. */
function column(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}
