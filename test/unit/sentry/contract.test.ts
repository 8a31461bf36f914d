/**
 * What the bridge relies on in Sentry beyond its documented API. Each thing has its name in a test of its own, so that
 * the Sentry release that changes it fails with that name.
 */
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { BRIDGE_CONTRACT } from '../../../src/sentry/contract.ts';

const require = createRequire(import.meta.url);
// The very builds that the bridge loads.
const core = require('@sentry/core') as typeof import('@sentry/core');
const sentry = require('@sentry/node') as typeof import('@sentry/node');
const exported = core as unknown as Record<string, unknown>;

const SOURCES = globSync(['src/sentry/**/*.ts', 'src/lifecycle/**/*.ts', 'src/start-sentry.ts']).map((file) =>
  readFileSync(file, 'utf8'),
);

test.each(BRIDGE_CONTRACT)('@sentry/core exports %s', (name) => {
  expect(exported[name]).toBeDefined();
});

it('names every export that the source uses', () => {
  // Types are erased, and so are the names in them.
  const code = SOURCES.join('\n').replaceAll(/typeof core\.\w+/g, '');
  const used = new Set([...code.matchAll(/\bcore\.([A-Za-z_]\w+)/g)].map(([, name]) => name));
  used.delete('ts');
  expect([...used].toSorted()).toEqual(BRIDGE_CONTRACT.toSorted());
});

test.each([
  'init',
  'getDefaultIntegrationsWithoutPerformance',
  'makeNodeTransport',
  'nativeNodeFetchIntegration',
])('@sentry/node exports %s', (name) => {
  expect((sentry as unknown as Record<string, unknown>)[name]).toBeTypeOf('function');
});

describe('a client', () => {
  const HOOKS = [
    'prepareSpanScope',
    'spanStart',
    'spanEnd',
    'preprocessSpan',
    'createDsc',
    'beforeCaptureLog',
    'processMetric',
    'preprocessEvent',
    'flush',
  ] as const;
  const emitted = new Map<string, unknown[]>();
  let client: ReturnType<typeof sentry.init>;

  beforeAll(async () => {
    client = sentry.init({
      dsn: 'http://public@127.0.0.1:1/1',
      tracesSampleRate: 1,
      traceLifecycle: 'stream',
      defaultIntegrations: false,
      enableRuntimeChannelInjection: false,
      transport: (options) => core.createTransport(options, async () => ({ statusCode: 200 })),
    });
    for (const hook of HOOKS) {
      // Each has listeners of a type of its own.
      (client?.on as (name: string, listener: (...args: unknown[]) => void) => void)?.call(
        client,
        hook,
        (...args) => emitted.set(hook, args),
      );
    }
    core.startSpan({ name: 'span' }, (span) => {
      sentry.logger.info('log');
      sentry.metrics.count('metric', 1);
      core.captureException(new Error('error'));
      if (client !== undefined) core.captureSpan(span, client);
      core.getDynamicSamplingContextFromSpan(span);
    });
    await client?.flush(1_000);
  });
  afterAll(() => client?.close(0));

  test.each(HOOKS)('emits %s', (hook) => {
    expect(emitted.has(hook)).toBe(true);
  });

  it('lets a listener of prepareSpanScope name the parent', () => {
    const [preparation] = emitted.get('prepareSpanScope') ?? [];
    expect(preparation).toMatchObject({ scope: expect.any(core.Scope) });
  });

  it('gives preprocessSpan the JSON with name, attributes, links and segment', () => {
    const [json] = emitted.get('preprocessSpan') ?? [];
    expect(json).toMatchObject({ name: 'span', is_segment: true, attributes: expect.any(Object) });
  });

  it('gives createDsc the context to correct and its root span', () => {
    const [dsc, root] = emitted.get('createDsc') ?? [];
    expect(dsc).toMatchObject({ trace_id: expect.any(String), public_key: 'public' });
    expect(root).toHaveProperty('spanContext');
  });
});

describe('private API', () => {
  it('`_sentryRootSpan` holds the root of a span', () => {
    const span = () => new core.SentrySpan({ sampled: true });
    const [parent, child] = [span(), span()];
    core.addChildSpanToSpan(parent, child);
    expect(child).toHaveProperty('_sentryRootSpan', parent);
    expect(core.getRootSpan(child)).toBe(parent);
  });

  it("a scope's `refs` go to its clones", () => {
    const scope = new core.Scope() as InstanceType<typeof core.Scope> & { refs: Record<string, unknown> };
    const ref = new WeakRef({});
    scope.refs['acme.otel-sentry.context'] = ref;
    expect((scope.clone() as typeof scope).refs['acme.otel-sentry.context']).toBe(ref);
  });

  it('`__SENTRY__` holds the state of each version under its number', () => {
    const { __SENTRY__: globals } = globalThis as unknown as { __SENTRY__: Record<string, unknown> };
    expect(globals[core.SDK_VERSION]).toBeTypeOf('object');
  });

  it('the asynchronous context strategy is asked for exactly what the bridge implements', () => {
    const source = readFileSync('src/sentry/async-context.ts', 'utf8');
    const implemented = [...source.matchAll(/^ {4}(\w+)(?:: \(|,$)/gm)].map(([, name]) => name);
    const asked = new Set<string>();
    const previous = core.getAsyncContextStrategy(globalThis as never);
    core.setAsyncContextStrategy(
      new Proxy(previous, {
        get(target, name, receiver) {
          asked.add(String(name));
          return Reflect.get(target, name, receiver);
        },
      }),
    );
    try {
      core.withScope(() => core.withScope(new core.Scope(), () => core.getCurrentScope()));
      core.withIsolationScope(() =>
        core.withIsolationScope(new core.Scope(), () => core.getIsolationScope()),
      );
      core.startSpan({ name: 'one' }, (span) => core.withActiveSpan(span, () => core.getActiveSpan()));
      core.startNewTrace(() => core.getTraceData());
      core.continueTrace({ sentryTrace: undefined, baggage: undefined }, () => undefined);
      core.suppressTracing(() => core.isTracingSuppressed());
    } finally {
      core.setAsyncContextStrategy(previous);
    }
    expect([...asked].filter((name) => !implemented.includes(name)).toSorted()).toEqual([]);
  });
});
