import type { Destination } from './message.ts';

/** Names that a broker or a framework makes up for one connection: their prefix stays, the token goes. */
const TEMPORARY = /^(amq\.(?:gen-|rabbitmq\.reply-to\.)|spring\.gen-)./;

const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi;
/** Long runs of letters and digits with at least one digit: ids and hashes, not words, nor words like `invoicecreatedv2`. */
const TOKEN = /(?<![a-z0-9])(?=[a-z]*\d)(?![a-z]+v\d{1,2}(?![a-z0-9]))[a-z0-9]{16,}(?![a-z0-9])/gi;

/** Destinations whose description is remembered; a process that makes up more of them than this describes them anew. */
const REMEMBERED = 500;
const known = new Map<string, Destination>();

/**
 * A destination with what span names need of it. Generated parts (UUIDs, tokens of 16 and more letters and digits,
 * `amq.gen-…`, `amq.rabbitmq.reply-to.…`) become `*` in its template, so that names stay few.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#span-name
 */
export function describeDestination(name: string): Destination {
  const found = known.get(name);
  if (found !== undefined) return found;
  const described = describe(name);
  if (known.size >= REMEMBERED) known.clear();
  known.set(name, described);
  return described;
}

function describe(name: string): Destination {
  // In RabbitMQ the exchange stands before it: `amq.default:amq.gen-…`.
  const parts = name.split(':');
  const temporary = parts.some((part) => TEMPORARY.test(part));
  const template = parts.map(templateOf).join(':');
  return { name, ...(template !== name && { template }), ...(temporary && { temporary }) };
}

function templateOf(part: string): string {
  const generated = TEMPORARY.exec(part);
  if (generated !== null) return `${generated[1]}*`;
  return part.replace(UUID, '*').replace(TOKEN, '*');
}
