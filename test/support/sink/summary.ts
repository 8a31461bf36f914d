import type { Telemetry } from './model.ts';

/** How many different entries of a kind are named. */
const SHOWN = 12;

/** What arrived, in a few lines: the counts and the names, for the message of a failed wait. */
export function summary(telemetry: Telemetry): string {
  return [
    line(
      'requests',
      telemetry.requests,
      (request) => `${request.method} ${request.path} → ${request.outcome}`,
    ),
    line(
      'spans',
      telemetry.spans,
      (span) => `${span.source} ${span.service ?? ''} ${span.kind ?? ''} "${span.name}"`,
    ),
    line('errors', telemetry.errors, (error) => `${error.type ?? error.level}: ${error.value}`),
    line('transactions', telemetry.transactions, (transaction) => `"${transaction.name}"`),
    line('logs', telemetry.logs, (log) => `${log.source} ${log.level}: ${String(log.body)}`),
    line('metrics', telemetry.metrics, (metric) => `${metric.source} ${metric.name}`),
    line('client reports', telemetry.clientReports, ({ discarded }) => JSON.stringify(discarded)),
    line('other items', telemetry.items, (item) => item.type),
    line('invalid', telemetry.invalid, (invalid) => `${invalid.where}: ${invalid.reason}`),
  ]
    .filter((text) => text !== '')
    .join('\n');
}

function line<T>(title: string, entries: readonly T[], name: (entry: T) => string): string {
  if (entries.length === 0) return '';
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const short = name(entry).replace(/\s+/g, ' ').slice(0, 160);
    counts.set(short, (counts.get(short) ?? 0) + 1);
  }
  const names = [...counts].slice(0, SHOWN).map(([text, times]) => (times > 1 ? `${text} ×${times}` : text));
  if (counts.size > SHOWN) names.push(`and ${counts.size - SHOWN} others`);
  return `  ${entries.length} ${title}: ${names.join('; ')}`;
}
