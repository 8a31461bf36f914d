/** One POST that is ready to be sent, by whatever means the end of the process leaves. */
export interface Payload {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** As in the agents' `proxyEnv` of Node's http: `http_proxy`, `https_proxy`, `no_proxy`. */
  readonly proxy?: Readonly<Record<string, string>>;
  readonly tls?: PayloadTls;
}

/** As in `tls.connect`, PEM. */
export interface PayloadTls {
  readonly ca?: PayloadPem;
  readonly cert?: PayloadPem;
  readonly key?: PayloadPem;
}

export type PayloadPem = string | Uint8Array | readonly (string | Uint8Array)[];

/** A part of the pipeline that holds telemetry which the backend has not acknowledged. No method throws. */
export interface PendingPayloads {
  /** From now on nothing new goes to the network; what comes is kept for `drainSync` or for `resume`. */
  pause(): void;
  /** The process lives on: what was kept is sent in the ordinary way. */
  resume(): void;
  /**
   * Has ready for `drainSync` what only a promise can tell (metrics). Settles without a turn of the event loop, unless
   * the application's own callbacks take one.
   */
  prepare?(): Promise<void>;
  /**
   * Pauses and hands over, once, everything that is buffered or that the operating system has not taken yet. A request
   * that is completely written and waits for its answer is not among it: it would arrive twice.
   */
  drainSync(): readonly Payload[];
  /**
   * Sends what is buffered in the ordinary way, once, and waits for the answers; keeps the process alive until then.
   */
  flush(timeoutMs: number): Promise<void>;
}

/** A part that has no synchronous way out, such as a gRPC exporter. */
export interface AsynchronousPending {
  /** Whether there is, or may be, anything to wait for. */
  readonly pending: boolean;
  flush(timeoutMs: number): Promise<void>;
}
