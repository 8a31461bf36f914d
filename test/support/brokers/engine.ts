import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers';
import { command, lastLines } from './command.ts';
import { within } from './deadline.ts';
import { aptInstall, thisHost, whyNoApt } from './debian.ts';
import type { Attempts } from './unavailable.ts';

/** A container engine that answers. */
export type Engine = ContainerRuntimeClient;

const ANSWER_MS = 15_000;
const START_MS = 60_000;
const POLL_MS = 250;
const DAEMON_LOG = '/var/log/dockerd.log';

/**
 * The engine that testcontainers finds (`DOCKER_HOST`, its properties file, the usual sockets).
 *
 * @throws {Error} when none answers, or another than the one `DOCKER_HOST` names: testcontainers would go on to the
 * default socket, and containers must not start where nobody asked for them.
 */
export async function answeringEngine(): Promise<Engine> {
  const named = process.env.DOCKER_HOST;
  const silence = named
    ? `DOCKER_HOST=${named} does not answer`
    : 'none answers (no DOCKER_HOST, no Docker socket)';
  const search = getContainerRuntimeClient().catch((cause: unknown) => {
    throw new Error(silence, { cause });
  });
  const engine = await within(ANSWER_MS, silence, search);
  if (named && !isEngineAt(engine, named)) throw new Error(silence);
  return engine;
}

let distributionEngine: Promise<Engine> | undefined;

/**
 * The engine that answers; where none does, on Debian or Ubuntu and as root, the distribution's, installed and started.
 *
 * @throws {UnavailableError} when neither is to be had.
 */
export async function connectEngine(attempts: Attempts, log: (line: string) => void): Promise<Engine> {
  try {
    return await answeringEngine();
  } catch (error) {
    attempts.failed('a container engine', error);
  }
  try {
    distributionEngine ??= startDistributionEngine(log);
    return await distributionEngine;
  } catch (error) {
    attempts.failed("the distribution's engine (docker.io)", error);
    throw attempts.unavailable();
  }
}

function isEngineAt(engine: Engine, dockerHost: string): boolean {
  // docker-modem's types leave out where it connects to; these are the fields testcontainers constructs it with.
  const { host, socketPath } = engine.container.dockerode.modem as { host?: string; socketPath?: string };
  const { hostname, pathname } = new URL(dockerHost);
  return hostname === '' ? socketPath === pathname : host === hostname;
}

async function startDistributionEngine(log: (line: string) => void): Promise<Engine> {
  if (process.env.DOCKER_HOST) throw new Error('left alone, since DOCKER_HOST names another');
  const obstacle = whyNoApt(await thisHost());
  if (obstacle) throw new Error(obstacle);
  const installed = existsSync('/usr/sbin/dockerd') || existsSync('/usr/bin/dockerd');
  log(`no container engine answers: ${installed ? 'starting dockerd' : 'installing and starting docker.io'}`);
  if (!installed) await aptInstall(['docker.io', 'iptables', 'ca-certificates']);
  // The directory is how sd_booted(3) tells that systemd runs the services here.
  if (!existsSync('/run/systemd/system')) return await startDaemon();
  await command('systemctl', ['start', 'docker']);
  return await untilItAnswers(new AbortController().signal);
}

/** Starts dockerd itself, to outlive this process, on a machine whose services nobody runs. */
async function startDaemon(): Promise<Engine> {
  const log = await open(DAEMON_LOG, 'w');
  const daemon = spawn('dockerd', { detached: true, stdio: ['ignore', log.fd, log.fd] });
  daemon.unref();
  await log.close();
  const ended = new AbortController();
  once(daemon, 'exit').then(
    () => ended.abort(),
    () => ended.abort(),
  );
  try {
    return await untilItAnswers(ended.signal);
  } catch (error) {
    throw new Error(`dockerd does not run here: ${lastLines(await readFile(DAEMON_LOG, 'utf8'))}`, {
      cause: error,
    });
  }
}

/** dockerd tells nobody but systemd that it is ready, so it is asked until it answers. */
async function untilItAnswers(ended: AbortSignal): Promise<Engine> {
  const giveUpAt = Date.now() + START_MS;
  for (;;) {
    try {
      return await answeringEngine();
    } catch (error) {
      if (ended.aborted || Date.now() > giveUpAt) throw error;
      await delay(POLL_MS);
    }
  }
}
