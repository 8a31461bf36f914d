import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeDestination } from '../../../../src/messaging/destination.ts';
import { PROCESS, spanName } from '../../../../src/messaging/semantic-conventions.ts';

it.each([
  ['orders', 'orders'],
  ['amq.default:orders', 'amq.default:orders'],
  ['customernotifications', 'customernotifications'],
  ['invoicecreatedv2', 'invoicecreatedv2'],
  ['billing-2026-11-21', 'billing-2026-11-21'],
  ['amq.gen-JzTY20BRgKO-HjmUJj0wLg', 'amq.gen-*'],
  ['amq.default:amq.gen-JzTY20BRgKO-HjmUJj0wLg', 'amq.default:amq.gen-*'],
  ['amq.rabbitmq.reply-to.g1h2AA5yZXBseUA2ODg0ODY1.xyz==', 'amq.rabbitmq.reply-to.*'],
  ['spring.gen-kq3tXGZ0TZ', 'spring.gen-*'],
  ['reply-0af76519-16cd-43dd-8448-eb211c80319c', 'reply-*'],
  ['replies.0af7651916cd43dd8448eb211c80319c.done', 'replies.*.done'],
])('%s is called %s', (name, called) => {
  expect(spanName(PROCESS, describeDestination(name))).toBe(`process ${called}`);
});

it.each([
  ['amq.gen-x', true],
  ['amq.rabbitmq.reply-to.x', true],
  ['reply-0af76519-16cd-43dd-8448-eb211c80319c', undefined],
  ['orders', undefined],
])('%s is temporary: %s', (name, temporary) => {
  expect(describeDestination(name).temporary).toBe(temporary);
});

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const token = fc.oneof(
  fc.uuid(),
  fc.integer({ min: 16, max: 40 }).chain(hex),
  fc.stringMatching(/^[A-Za-z0-9]{16,40}$/).filter((text) => /\d.*\d.*\d/.test(text)),
);
/** What stands around a token. */
const words = fc.constantFrom('', 'orders', 'replies.eu', 'my-service', 'amq.default', 'ÄÖ', '*');

it('no name contains a generated token', () => {
  const around = fc.tuple(words, fc.constantFrom('.', '-', ':', '_', '/', ' '));
  fc.assert(
    fc.property(token, around, around, (generated, [before, left], [after, right]) => {
      fc.pre(/\d/.test(generated));
      const { name, template } = describeDestination(`${before}${left}${generated}${right}${after}`);
      expect(template ?? name).not.toContain(generated);
    }),
  );
});

it('describes any name in time that grows no faster than the name', () => {
  for (const name of [
    'a'.repeat(1e5),
    '0'.repeat(1e5),
    'a-'.repeat(5e4),
    ':'.repeat(1e5),
    'ab0-'.repeat(2e4),
  ]) {
    const startedAt = performance.now();
    describeDestination(name);
    expect(performance.now() - startedAt).toBeLessThan(500);
  }
});

it('remembers few of many names, and describes each rightly', () => {
  for (let number = 0; number < 2_000; number++) {
    expect(describeDestination(`queue ${number}`)).toEqual({ name: `queue ${number}` });
  }
});
