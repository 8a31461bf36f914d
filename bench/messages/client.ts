/** Something a service does with messages, many times over. */
export interface Step {
  readonly name: string;
  /** How many messages it is about. */
  readonly messages: number;
  /** @returns how long it took, in milliseconds, from the first message to the last. */
  run(): Promise<number>;
}

/** A client library of a broker, connected. */
export interface MessagingClient {
  /** In the order in which they depend on one another. */
  readonly steps: readonly Step[];
  close(): Promise<void>;
}

/** What a client is given to work with. */
export interface ClientOptions {
  readonly address: string;
  /** Topic or queue, of this process alone. */
  readonly destination: string;
  /** Runs something in the span of a request, as services mostly send messages. */
  readonly inRequest: (send: () => Promise<void>) => Promise<void>;
  /** Told of each delivery. */
  readonly onHeaders: (headers: object | undefined) => void;
}

/** 200 bytes, like a small order. */
export const BODY: Buffer = Buffer.from(JSON.stringify({ id: 1001, customer: 'ann', note: 'x'.repeat(163) }));
