import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../../support/process.ts';
import { type Sink, startSink } from '../../support/sink/index.ts';
import { PROJECT } from './service.ts';

/** In each trace of the fixture `payment` is below one of these. */
const ROOTS = ['order', 'dropped', 'probe', 'cron nightly'];

describe("Sentry's hooks for transactions, in a shop's own NodeSDK", () => {
  let sink: Sink;

  beforeAll(async () => {
    sink = await startSink();
    await using app = runApp({
      entry: 'test/integration/bridge/fixtures/transaction-hooks.mjs',
      cwd: PROJECT.folder,
      env: {
        SENTRY_DSN: sink.dsn,
        SENTRY_TRACES_SAMPLE_RATE: '1',
        OTEL_SENTRY_TRACE_LIFECYCLE: 'static',
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
      },
    });
    const { stderr } = await app.succeeded();
    expect(stderr).toBe('');
  });
  afterAll(() => sink?.close());

  it('beforeSendTransaction drops and changes them, ignoreTransactions drops by name', () => {
    expect(sink.invalid).toEqual([]);
    expect(sink.transactions).toMatchObject([{ name: 'order', tags: { hook: 'order' } }]);
  });

  it('beforeSendSpan changes the spans within', () => {
    expect(sink.transactions[0]?.spans).toMatchObject([
      { name: 'order' },
      { name: 'payment (card removed)', attributes: { card: '***' } },
    ]);
    expect(JSON.stringify(sink.transactions)).not.toContain('4111');
  });

  it('tell Sentry how many were dropped, and why', () => {
    const dropped = sink.clientReports.flatMap(({ discarded }) => discarded);
    const ofTransactions = dropped.filter(({ category }) => category === 'transaction');
    expect(ofTransactions.map(({ reason, quantity }) => [reason, quantity]).toSorted()).toEqual([
      ['before_send', 1],
      ['event_processor', 2],
    ]);
  });

  it('leave OTLP as it is', () => {
    const spans = sink.spans({ source: 'otlp' });
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(roots.map(({ name }) => name).toSorted()).toEqual(ROOTS.toSorted());
    const payments = spans.filter(({ name }) => name === 'payment');
    expect(payments.map(({ attributes }) => attributes.card)).toEqual(ROOTS.map(() => '4111'));
  });
});
