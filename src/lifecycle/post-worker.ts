import type { Agent, AgentOptions } from 'node:https';
import type { Payload } from './pending.ts';

/** What the worker is given. `counters`: how many payloads are settled, how many of them with a 2xx status. */
interface Task {
  readonly payloads: readonly Payload[];
  readonly counters: Int32Array;
}

/**
 * The worker's whole program. Its source text is what runs, in another thread, so that it needs no file beside the
 * bundle: it can use nothing from outside its own body.
 */
export function postAll(require: NodeJS.Require): void {
  const { workerData } = require('node:worker_threads') as typeof import('node:worker_threads');
  const { payloads, counters } = workerData as Task; // what `postSync` passes
  const agents = new Map<string, Agent>();

  for (const payload of payloads) {
    let settled = false;
    const settle = (delivered: boolean) => {
      if (settled) return;
      settled = true;
      if (delivered) Atomics.add(counters, 1, 1);
      Atomics.add(counters, 0, 1);
      Atomics.notify(counters, 0);
    };
    try {
      const { protocol, origin } = new URL(payload.url);
      const http = require(protocol === 'https:' ? 'node:https' : 'node:http') as typeof import('node:https');
      const agent =
        agents.get(origin) ??
        // Eight connections an origin, so that one backend without answers doesn't take the place of another.
        new http.Agent({
          keepAlive: true,
          maxSockets: 8,
          ...payload.tls,
          ...(payload.proxy && { proxyEnv: payload.proxy }),
        } as AgentOptions); // `proxyEnv` came with Node 24.5 and 22.21; older ones ignore it
      agents.set(origin, agent);
      const request = http.request(
        payload.url,
        { method: 'POST', agent, headers: { ...payload.headers, 'content-length': payload.body.byteLength } },
        (response) => {
          const { statusCode = 0 } = response;
          response.resume();
          response.once('close', () => settle(statusCode >= 200 && statusCode < 300));
        },
      );
      request.once('error', () => settle(false));
      request.end(payload.body);
    } catch {
      settle(false); // counted: a URL or header that Node does not take
    }
  }
}
