import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whyNoApt } from '../../support/brokers/debian.ts';
import { givenBrokers, withoutPassword } from '../../support/brokers/environment.ts';
import { isLeftBehind } from '../../support/brokers/owner.ts';
import {
  Attempts,
  BrokersUnavailableError,
  CollectorUnavailableError,
} from '../../support/brokers/unavailable.ts';

describe('brokers named by the environment', () => {
  it('are taken as they are, each by itself', () => {
    expect(givenBrokers({ AMQP_URL: ' amqp://u:p@h:1/v ', KAFKA_BROKERS: '' })).toEqual({
      amqpUrl: 'amqp://u:p@h:1/v',
    });
    expect(givenBrokers({ KAFKA_BROKERS: 'a:9092, [::1]:9093' })).toEqual({
      kafkaBrokers: ['a:9092', '[::1]:9093'],
    });
    expect(givenBrokers({})).toEqual({});
  });

  it.each([
    { AMQP_URL: 'http://host' },
    { AMQP_URL: 'secret' },
    { KAFKA_BROKERS: 'host' },
    { KAFKA_BROKERS: 'host:0' },
    { KAFKA_BROKERS: 'host:9092,,' },
  ])('are refused by name when they are none: %j', (env) => {
    expect(() => givenBrokers(env)).toThrow(new RegExp(`^${Object.keys(env)[0]} is not`));
    expect(() => givenBrokers(env)).not.toThrow(/secret/);
  });

  it('are shown without their password', () => {
    expect(withoutPassword('amqp://user:secret@host:5672/v')).toBe('amqp://user:***@host:5672/v');
  });
});

describe('an engine installed from the distribution', () => {
  const debian = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n';
  it.each([
    [{ platform: 'linux', osRelease: debian, uid: 0 }, undefined],
    [{ platform: 'linux', osRelease: 'ID=linuxmint\nID_LIKE="ubuntu debian"', uid: 0 }, undefined],
    [{ platform: 'linux', osRelease: debian, uid: 1000 }, 'needs root'],
    [
      { platform: 'linux', osRelease: 'ID=fedora\nPRETTY_NAME=Fedora', uid: 0 },
      'needs Debian or Ubuntu; this is Fedora',
    ],
    [{ platform: 'darwin', osRelease: '', uid: 501 }, 'needs Debian or Ubuntu; this is darwin'],
  ] as const)('on %j: %s', (host, expected) => {
    expect(whyNoApt(host)).toBe(expected);
  });
});

describe('containers of a run that ended without cleaning up', () => {
  const dead = () => false;
  it('are told by a process of this host that lives no more', () => {
    expect(isLeftBehind('here/123/run', 'here', dead)).toBe(true);
    expect(isLeftBehind('here/123/run', 'here', () => true)).toBe(false);
    expect(isLeftBehind('there/123/run', 'here', dead)).toBe(false);
  });

  it('are never guessed from a label of another form', () => {
    fc.assert(
      fc.property(fc.string(), (label) => {
        fc.pre(!/^here\/[1-9]\d{0,9}\/[^/]+$/.test(label));
        expect(isLeftBehind(label, 'here', dead)).toBe(false);
      }),
    );
  });
});

it('unavailable brokers are explained: what was tried, why it failed, what to do', () => {
  const attempts = new Attempts();
  attempts.failed('a container engine', new AggregateError([new Error('refused 1'), new Error('refused 2')]));
  attempts.failed('images', 'no registry\nreally');
  const error = attempts.unavailable();
  expect(error).toBeInstanceOf(BrokersUnavailableError);
  expect(error.message).toContain('- a container engine: refused 1; refused 2');
  expect(error.message).toContain('- images: no registry\n      really');
  expect(error.message).toMatch(/set AMQP_URL .* and KAFKA_BROKERS/);
});

it('an unavailable Collector is explained as such', () => {
  const error = new Attempts(CollectorUnavailableError).unavailable();
  expect(error).toBeInstanceOf(CollectorUnavailableError);
  expect(error.message).toMatch(/^The OpenTelemetry Collector .* is not available/);
  expect(error.message).not.toContain('AMQP_URL');
});
