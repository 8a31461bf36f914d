import type { RequestListener, Server } from 'node:http';

/** As much of Express, which brings no types, as the services use. */
export interface Express {
  (): ExpressApp;
  json(): ExpressHandler;
}

export interface ExpressApp extends RequestListener {
  use(handler: ExpressHandler): void;
  post(route: string, ...handlers: ExpressHandler[]): void;
  listen(port: number, host: string): Server;
}

export type ExpressHandler = (request: ExpressRequest, response: ExpressResponse) => unknown;

export interface ExpressRequest {
  readonly body: unknown;
}

export interface ExpressResponse {
  status(code: number): ExpressResponse;
  json(body: unknown): void;
}
