import { describe, expect, test } from 'vitest';
import { type Outcome, request } from './application.ts';

interface Framework {
  readonly name: string;
  /** A route's pattern, as this framework writes `/work/:id`. */
  readonly pattern?: (path: string) => string;
  /** What Sentry shows of `throw 'boom'`. */
  readonly primitive?: string;
  /** Client errors that Sentry's own handler reports, by their message. */
  readonly reportedBySentry?: readonly string[];
  /** Without one there is nothing to test it against. */
  readonly withoutSentrysHandler?: true;
}

const FRAMEWORKS: readonly Framework[] = [
  { name: 'express' },
  { name: 'fastify' },
  { name: 'koa', primitive: 'non-error thrown: "boom"', reportedBySentry: ['your fault'] },
  {
    name: 'hapi',
    pattern: (path) => path.replace(':id', '{id}'),
    primitive: 'Cannot throw non-error object',
  },
  { name: 'hono', withoutSentrysHandler: true },
];

const SERVER_ERRORS = ['/work/:id', '/async/:id', '/primitive/:id', '/nested/items/:id'];
const OTHERS = ['/ok/:id', '/client/:id', '/missing', '/skipped/:id'];
const EVENTS = SERVER_ERRORS.length;
const PATHS = [...SERVER_ERRORS, ...OTHERS].map((path) => path.replace(':id', '7'));

const fixtures = FRAMEWORKS.flatMap((framework) => [
  { ...framework, entry: `${framework.name}.mjs`, system: 'ES modules' },
  { ...framework, entry: `${framework.name}.cjs`, system: 'CommonJS' },
]);

const byTransaction = (a: { transaction: string }, b: { transaction: string }) =>
  a.transaction.localeCompare(b.transaction);

describe.each(fixtures)('$name, $system', (framework) => {
  const { name, entry, pattern = (path: string) => path, primitive = 'boom' } = framework;

  const expected = SERVER_ERRORS.map((path) => ({
    transaction: `GET ${pattern(path)}`,
    message: path === '/primitive/:id' ? primitive : 'work broke',
    mechanism: `auto.http.${name}`,
    handled: false,
  })).sort(byTransaction);
  const withoutIds = ({ events }: Outcome) => events.map(({ id: _, traceId: __, ...event }) => event);
  let first: Promise<Outcome> | undefined;
  const instrumented = () => {
    first ??= request(entry, PATHS, { events: EVENTS });
    return first;
  };

  test('a server error is one event, with the route and the trace of its request', async () => {
    const outcome = await instrumented();

    expect(withoutIds(outcome)).toEqual(expected);
    for (const { transaction, traceId } of outcome.events) {
      const span = outcome.spans.find((candidate) => candidate.traceId === traceId);
      expect(span).toEqual({ name: transaction, route: transaction?.slice('GET '.length), traceId });
    }
  });

  test('requests that succeed and those that are refused have their route too', async () => {
    const names = (await instrumented()).spans.map((span) => span.name);

    expect(names).toEqual(
      expect.arrayContaining([`GET ${pattern('/ok/:id')}`, `GET ${pattern('/client/:id')}`]),
    );
    expect(names.filter((span) => span === 'GET')).toHaveLength(name === 'express' ? 1 : 2); // no route, no guess
  });

  test('answers and prints what it would without us', async () => {
    const bare = await request(entry, PATHS, { telemetry: 'none' });

    expect(bare.answers.map(({ status }) => status).slice(0, 4)).toEqual([500, 500, 500, 500]);
    expect((await instrumented()).answers).toEqual(bare.answers);
    expect((await instrumented()).stderr).toEqual(bare.stderr);
  });

  test("an application's own error handler gets the error that was thrown, and Sentry still gets one", async () => {
    const outcome = await request(entry, PATHS, { handler: 'own', events: EVENTS });
    const bare = await request(entry, PATHS, { handler: 'own', telemetry: 'none' });

    expect(outcome.answers).toEqual(bare.answers);
    expect(outcome.caught).toEqual(bare.caught);
    const caught = outcome.caught.filter(({ same }) => same).length;
    expect(caught).toBeGreaterThanOrEqual(SERVER_ERRORS.length - 1); // all but the string
    expect(outcome.events.map(({ transaction }) => transaction)).toEqual(
      expected.map(({ transaction }) => transaction),
    );
  });

  // Sentry 11 has no such handler for Hono.
  if (!framework.withoutSentrysHandler) {
    test("Sentry's own error handler for the framework adds no second event", async () => {
      const outcome = await request(entry, PATHS, { handler: 'sentry', events: EVENTS });

      const { reportedBySentry = [] } = framework;
      const events = withoutIds(outcome).filter(({ message = '' }) => !reportedBySentry.includes(message));
      expect(events).toEqual(expected);
    });
  }
});

describe.each(FRAMEWORKS)('$name, the instrumentation alone', ({ name }) => {
  test.each([
    ['disabled', 0],
    ['failing', EVENTS],
  ] as const)('answers as ever while reporting is %s', async (telemetry, reports) => {
    const bare = await request(`${name}.cjs`, PATHS, { telemetry: 'none' });
    const outcome = await request(`${name}.cjs`, PATHS, { telemetry });

    expect(outcome.answers).toEqual(bare.answers);
    expect(outcome.stderr).toEqual(bare.stderr);
    expect(outcome.caught).toHaveLength(reports);
  });
});

describe('express', () => {
  test('the event id that an error page shows is the one Sentry has', async () => {
    const { answers, events } = await request('express.mjs', ['/primitive/7', '/work/7'], {
      handler: 'sentry',
      events: 2,
    });

    expect(answers.map(({ body }) => body)).toEqual(events.map(({ id }) => `own ${id}`));
  });
});
