/** A fixture that runs, and the line over which a test gives it commands. */

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type RunningApp, runApp } from '../../support/process.ts';
import type { Sink } from '../../support/sink/index.ts';
import { brokers } from '../scenario.ts';
import { instrumentation, preload, telemetryEnvironment } from './instrumentation.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Application {
  readonly process: RunningApp;
  /**
   * Calls one of the fixture's commands. Rejects with the error it threw, or with the output of a process that ended.
   * Arguments and results are JSON; the caller names the result's type, which is the fixture's promise.
   */
  call<Result>(command: string, argument?: unknown): Promise<Result>;
  /** Has it send all telemetry of what has ended. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Starts `fixtures/<fixture>.mjs`. */
export async function startApplication(
  fixture: string,
  sink: Sink,
  env: Readonly<Record<string, string>>,
): Promise<Application> {
  const { amqpUrl, kafkaBrokers } = brokers();
  const connected = Promise.withResolvers<Socket>();
  connected.promise.catch(() => undefined); // told to whoever calls a command
  const server = createServer((socket) => connected.resolve(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const app = runApp({
    entry: fileURLToPath(new URL(`./fixtures/${fixture}.mjs`, import.meta.url)),
    cwd: PROJECT, // where the preload's name means this package
    execArgv: preload(),
    env: {
      ...telemetryEnvironment(sink),
      OTEL_SERVICE_NAME: fixture,
      NODE_ENV: 'test',
      AMQP_URL: amqpUrl,
      KAFKA_BROKERS: kafkaBrokers.join(','),
      INSTRUMENTATION: instrumentation,
      COMMAND_PORT: String(port),
      ...env,
    },
  });

  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let ended: Error | undefined;
  const fail = (error: Error) => {
    ended = error;
    connected.reject(error);
    for (const { reject } of pending.values()) reject(error);
  };
  app.exited.then(
    ({ code, signal, stderr }) => fail(new Error(`${fixture} ended (${signal ?? code})\n${stderr}`)),
    fail,
  );
  connected.promise.then(
    (socket) => {
      socket.on('error', fail);
      createInterface({ input: socket }).on('line', (line) => {
        const { id, result, error } = JSON.parse(line) as Reply; // as fixtures/commands.mjs writes it
        const call = pending.get(id);
        pending.delete(id);
        if (error === undefined) call?.resolve(result);
        else call?.reject(new Error(error));
      });
    },
    () => undefined, // `fail` told everyone
  );

  let calls = 0;
  const call = async <Result>(command: string, argument?: unknown): Promise<Result> => {
    const socket = await connected.promise;
    if (ended) throw ended;
    const id = calls++;
    const reply = Promise.withResolvers<unknown>();
    pending.set(id, reply);
    socket.write(`${JSON.stringify({ id, command, argument })}\n`);
    return (await reply.promise) as Result; // the fixture's promise
  };

  return {
    process: app,
    call,
    flush: () => call('flush'),
    stop: async () => {
      await app[Symbol.asyncDispose]();
      server.close();
    },
  };
}
