import { expect, test } from 'vitest';
import { nodeBinary } from '../../support/nodes.ts';
import { runApp } from '../../support/process.ts';

const script = (code: string) => ({ args: ['-e', code] });

test('an app is told to end when its test is over', async () => {
  const app = runApp(script('setInterval(() => {}, 1000); console.log("up")'));
  {
    await using running = app;
    await running.waitForLine(/^up$/);
  }
  expect(await app.exited).toMatchObject({ code: null, signal: 'SIGKILL', stdout: 'up\n' });
});

test('an app says which port it listens on, and dies by the signal it gets', async () => {
  const server = `const s = require('http').createServer().listen(0, '127.0.0.1',
    () => console.log('listening on http://127.0.0.1:' + s.address().port))`;
  await using app = runApp(script(server));
  const port = await app.ready();
  expect((await app.waitForLine(/listening/))[0]).toBe('listening');
  expect(port).toBeGreaterThan(1023);
  expect(app.kill('SIGTERM')).toBe(true);
  expect(await app.exited).toMatchObject({ code: null, signal: 'SIGTERM', stderr: '' });
});

test('a line that never comes is reported with all output, when the app ends as when time runs out', async () => {
  await using ended = runApp(script('console.log("out"); console.error("err"); process.exitCode = 3'));
  await expect(ended.waitForLine(/never/)).rejects.toThrow(/It ended \(code 3\).*\/never\/.*out.*err/s);
  await expect(ended.succeeded()).rejects.toThrow(/It ended with code 3.*out.*err/s);
  expect(await ended.exited).toMatchObject({ code: 3, signal: null, stdout: 'out\n', stderr: 'err\n' });

  await using silent = runApp(script('setInterval(() => {}, 1000)'));
  await expect(silent.waitForLine(/never/, 1)).rejects.toThrow('1 ms passed without a line like /never/');
});

test('a binary that does not exist is an error, not a crash', async () => {
  await using app = runApp({ nodeBinary: '/nonexistent/node' });
  await expect(app.exited).rejects.toThrow('ENOENT');
  await expect(app.waitForLine(/x/)).rejects.toThrow('ENOENT');
});

test('an app gets the variables of its test and none of the test runner', async () => {
  await using app = runApp({
    ...script(
      'console.log(Object.keys(process.env).filter((name) => /VITEST|NODE_ENV|OURS|PATH$/.test(name)).join())',
    ),
    env: { OURS: '1' },
  });
  expect((await app.succeeded()).stdout.trim().split(',').sort()).toEqual(['OURS', 'PATH']);
});

test('the running Node is used for its own major version', async () => {
  const major = Number.parseInt(process.versions.node, 10) as 22 | 24 | 26; // those the project runs on
  expect(await nodeBinary(major)).toBe(process.execPath);
});
