import { detectResources } from '@opentelemetry/resources';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { resourceDetectors, withinTime } from '../../src/resource.ts';

function detectorsFor(value: string | undefined) {
  const problems: string[] = [];
  const detectors = resourceDetectors({ OTEL_NODE_RESOURCE_DETECTORS: value }, (line) => problems.push(line));
  return { detectors, problems };
}

async function attributesFor(value: string | undefined): Promise<Record<string, unknown>> {
  const resource = detectResources({ detectors: detectorsFor(value).detectors });
  await resource.waitForAsyncAttributes?.();
  return resource.attributes;
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

describe('what a process says of itself', () => {
  it('by default: process, host and operating system, an id, and what OTEL_RESOURCE_ATTRIBUTES says', async () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'team=payments,host.name=named-by-hand');
    const attributes = await attributesFor(undefined);
    expect(attributes).toMatchObject({
      team: 'payments',
      'host.name': 'named-by-hand',
      'process.pid': process.pid,
      'os.type': expect.any(String),
      'service.instance.id': expect.any(String),
    });
    expect(Object.keys(attributes).filter((key) => key.startsWith('cloud.'))).toEqual([]);
  });

  it('only what OTEL_NODE_RESOURCE_DETECTORS names', async () =>
    expect(Object.keys(await attributesFor(' os '))).toEqual(['os.type', 'os.version']));

  it('nothing with none', () => expect(detectorsFor('none').detectors).toEqual([]));

  it('of every cloud with all', () => {
    const { detectors, problems } = detectorsFor('all');
    expect(detectors).toHaveLength(6 + 1 + 5 + 3 + 1);
    expect(problems).toEqual([]);
  });

  it('a name that does not exist is told, the others count', () => {
    const { detectors, problems } = detectorsFor('host,toString');
    expect(detectors).toHaveLength(1);
    expect(problems).toEqual([
      expect.stringMatching(
        /^OTEL_NODE_RESOURCE_DETECTORS: unknown detector \(got "tostring", expected all, none, env/,
      ),
    ]);
  });
});

it('an answer that does not come in time is done without', async () => {
  vi.useFakeTimers();
  const never = new Promise<string>(() => undefined);
  const detector = {
    detect: () => ({ attributes: { late: never, prompt: Promise.resolve('yes'), known: 1 } }),
  };
  const { attributes } = withinTime(detector, 1_000).detect();
  const values = Promise.all([attributes?.late, attributes?.prompt, attributes?.known]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await values).toEqual([undefined, 'yes', 1]);
});
