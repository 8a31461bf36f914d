import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/**
 * A connection that isn't made after this long is given up. While it is being made, a process that has nothing else to
 * do can't end: unlike an established one, it can't be told not to count.
 */
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Lets a request not keep the process alive, be it under way or without an answer.
 * @param onWritten called when the operating system has taken the last byte: what happens to the process then no longer
 *   keeps the backend from getting it.
 */
export function detach<Request extends ClientRequest>(request: Request, onWritten: () => void): Request {
  request.once('finish', onWritten);
  // Also for a kept connection: an agent that takes one into use again lets it count again before this event.
  request.once('socket', (socket: Socket) => {
    socket.unref();
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => request.destroy(new Error(`No connection after ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    ).unref();
    socket.once('connect', () => clearTimeout(timer));
    request.once('close', () => clearTimeout(timer));
  });
  return request;
}
