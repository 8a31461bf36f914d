/** One way to get brokers that was tried, and why it gave none. */
export interface Attempt {
  readonly tried: string;
  readonly outcome: string;
}

const REMEDY = [
  'How to get them, any of:',
  '  - start a container engine that answers here (Docker Desktop, colima, Podman with its Docker socket, dockerd)',
  '  - set AMQP_URL (amqp://user:password@host:5672) and KAFKA_BROKERS (host:9092,…) to brokers that run already,',
  '    such as those of `docker compose up --wait rabbitmq kafka` in this project',
  '  - on Debian or Ubuntu, run `npm run brokers -- --prepare` once as root: it installs the engine and makes the images',
].join('\n');

/** No RabbitMQ or no Kafka to be had. The message says what was tried, why each failed, and what to do. */
export class BrokersUnavailableError extends Error {
  override readonly name = 'BrokersUnavailableError';
  readonly attempts: readonly Attempt[];

  constructor(attempts: readonly Attempt[]) {
    const tried = attempts.map(
      ({ tried, outcome }) => `  - ${tried}: ${outcome.replaceAll('\n', '\n      ')}`,
    );
    super(
      ['RabbitMQ and Kafka for the end-to-end tests are not available. Tried:', ...tried, REMEDY].join('\n'),
    );
    this.attempts = attempts;
  }
}

/** Collects what failed on the way, so that the final error tells the whole way. */
export class Attempts {
  readonly #list: Attempt[] = [];

  failed(tried: string, reason: unknown): void {
    this.#list.push({ tried, outcome: reasonText(reason) });
  }

  unavailable(): BrokersUnavailableError {
    return new BrokersUnavailableError([...this.#list]);
  }
}

/** The text of whatever was thrown. An AggregateError (Node's, of a refused connection) has it in its parts. */
export function reasonText(reason: unknown): string {
  if (reason instanceof AggregateError && reason.message === '')
    return reason.errors.map(reasonText).join('; ');
  return reason instanceof Error ? reason.message : String(reason);
}
