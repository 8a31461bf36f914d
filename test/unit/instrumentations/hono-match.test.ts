import { type Context, Hono, type Next } from 'hono';
import { describe, expect, test } from 'vitest';
import { matchOf } from '../../../src/instrumentations/frameworks/hono-match.ts';

const middleware = async (_context: Context, next: Next) => next();
const answer = (context: Context) => context.text('fine');

/** The route that is read from what hono's own router finds. */
function route(app: Hono, path: string, method = 'GET'): string | undefined {
  return matchOf({ matchResult: app.router.match(method, path) })?.route;
}

describe('the route of a hono request', () => {
  test.each<[what: string, app: Hono, expected: string | undefined]>([
    ['of a handler', new Hono().get('/work/:id', answer), '/work/:id'],
    ['of a handler for all methods', new Hono().all('/work/:id', answer), '/work/:id'],
    ['behind middleware', new Hono().use(middleware).get('/work/:id', answer), '/work/:id'],
    ['behind middleware of its own', new Hono().get('/work/:id', middleware, answer), '/work/:id'],
    ['of the first of two handlers', new Hono().get('/work/:id', answer).get('/work/*', answer), '/work/:id'],
    [
      'of a handler that could pass on and is the last',
      new Hono().use(middleware).get('/work/:id', middleware),
      '/work/:id',
    ],
    ['of a mounted application', new Hono().route('/work', new Hono().get('/:id', answer)), '/work/:id'],
    [
      'of a mounted application with an error handler of its own',
      new Hono()
        .use(middleware)
        .route('/work', new Hono().onError((_error, context) => context.text('')).all('/:id', answer)),
      '/work/:id',
    ],
    ['below a base path', new Hono().basePath('/work').get('/:id', answer), '/work/:id'],
    ['where only middleware matches', new Hono().use(middleware).get('/other', answer), undefined],
    ['where nothing matches', new Hono().get('/other', answer), undefined],
  ])('%s', (_what, app, expected) => {
    expect(route(app, '/work/7')).toBe(expected);
    expect(route(app, '/work/8')).toBe(expected);
  });

  test.each([undefined, null, {}, { matchResult: 7 }, { matchResult: [[]] }, { matchResult: [['x']] }])(
    'is unknown for options of another shape: %j',
    (options) => {
      expect(matchOf(options)).toBeUndefined();
    },
  );
});
