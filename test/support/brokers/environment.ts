/** Brokers that the environment names; what it does not name is to be started. */
export interface GivenBrokers {
  readonly amqpUrl?: string;
  readonly kafkaBrokers?: readonly string[];
}

const HOST_AND_PORT = /^(\[[\da-f:.]+\]|[\w.-]+):(\d{1,5})$/i;

/**
 * Reads `AMQP_URL` and `KAFKA_BROKERS` (comma-separated `host:port`). An empty variable counts as unset.
 *
 * @throws {TypeError} naming the variable, when one is set and can't be an address. Passwords stay out of the message.
 */
export function givenBrokers(env: Readonly<NodeJS.ProcessEnv>): GivenBrokers {
  const amqpUrl = env.AMQP_URL?.trim();
  const kafkaBrokers = env.KAFKA_BROKERS?.trim();
  return {
    ...(amqpUrl ? { amqpUrl: parseAmqpUrl(amqpUrl) } : {}),
    ...(kafkaBrokers ? { kafkaBrokers: parseKafkaBrokers(kafkaBrokers) } : {}),
  };
}

/** The URL as it may be shown: without its password. */
export function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '***';
  return shown.href;
}

function parseAmqpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['amqp:', 'amqps:'].includes(url.protocol) || url.hostname === '') {
    throw new TypeError('AMQP_URL is not a URL like amqp://user:password@host:5672');
  }
  return text;
}

function parseKafkaBrokers(text: string): readonly string[] {
  const brokers = text.split(',').map((entry) => entry.trim());
  for (const broker of brokers) {
    const port = Number(HOST_AND_PORT.exec(broker)?.[2]);
    if (!(port >= 1 && port <= 65_535)) {
      throw new TypeError(
        `KAFKA_BROKERS is not a list like host:9092,host:9093 (at ${JSON.stringify(broker)})`,
      );
    }
  }
  return brokers;
}
