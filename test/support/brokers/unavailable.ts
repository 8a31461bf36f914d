/** One way to get a server that was tried, and why it gave none. */
export interface Attempt {
  readonly tried: string;
  readonly outcome: string;
}

const ENGINE =
  '  - start a container engine that answers here (Docker Desktop, colima, Podman with its Docker socket, dockerd)';
const PREPARE =
  '  - on Debian or Ubuntu, run `npm run brokers -- --prepare` once as root: it installs the engine and makes the images';

/** A server of the end-to-end tests is not to be had. The message says what was tried, why each failed, and what to do. */
export abstract class UnavailableError extends Error {
  readonly attempts: readonly Attempt[];

  constructor(what: string, attempts: readonly Attempt[], remedies: readonly string[]) {
    const tried = attempts.map(
      ({ tried, outcome }) => `  - ${tried}: ${outcome.replaceAll('\n', '\n      ')}`,
    );
    super([`${what} not available. Tried:`, ...tried, 'What you can do, any of:', ...remedies].join('\n'));
    this.attempts = attempts;
  }
}

/** No RabbitMQ or no Kafka. */
export class BrokersUnavailableError extends UnavailableError {
  override readonly name = 'BrokersUnavailableError';

  constructor(attempts: readonly Attempt[]) {
    super('RabbitMQ and Kafka for the end-to-end tests are', attempts, [
      ENGINE,
      '  - set AMQP_URL (amqp://user:password@host:5672) and KAFKA_BROKERS (host:9092,…) to brokers that run already,',
      '    such as those of `docker compose up --wait rabbitmq kafka` in this project',
      PREPARE,
    ]);
  }
}

/** No OpenTelemetry Collector. */
export class CollectorUnavailableError extends UnavailableError {
  override readonly name = 'CollectorUnavailableError';

  constructor(attempts: readonly Attempt[]) {
    super('The OpenTelemetry Collector for the end-to-end tests is', attempts, [ENGINE, PREPARE]);
  }
}

/** Collects what failed on the way, so that the final error tells the whole way. */
export class Attempts {
  readonly #list: Attempt[] = [];
  readonly #Unavailable: new (
    attempts: readonly Attempt[],
  ) => UnavailableError;

  constructor(Unavailable: new (attempts: readonly Attempt[]) => UnavailableError = BrokersUnavailableError) {
    this.#Unavailable = Unavailable;
  }

  failed(tried: string, reason: unknown): void {
    this.#list.push({ tried, outcome: reasonText(reason) });
  }

  unavailable(): UnavailableError {
    return new this.#Unavailable([...this.#list]);
  }
}

/** The text of whatever was thrown. An AggregateError (Node's, of a refused connection) has it in its parts. */
export function reasonText(reason: unknown): string {
  if (reason instanceof AggregateError && reason.message === '')
    return reason.errors.map(reasonText).join('; ');
  return reason instanceof Error ? reason.message : String(reason);
}
