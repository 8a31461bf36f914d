import { type Sink, startSink } from '../sink/index.ts';
import { COLLECTOR_IMAGE, startCollectorContainer } from './collector.ts';
import { connectEngine, type Engine } from './engine.ts';
import { type Image, obtainImage } from './images.ts';
import { logToStderr } from './log.ts';
import { ownContainers } from './owned.ts';
import { Attempts, CollectorUnavailableError } from './unavailable.ts';

/** A real OpenTelemetry Collector. */
export interface Collector extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT` with http/protobuf and http/json. */
  readonly httpEndpoint: string;
  /** The same with grpc. */
  readonly grpcEndpoint: string;
  /** The Collector's own backend. It has what a sender sent by the time the sender is answered. */
  readonly received: Sink;
}

/**
 * Starts a Collector: of the public image where a registry answers, else of one built here of Go's modules. Its
 * container goes when it is disposed of, or with this process.
 *
 * @throws {CollectorUnavailableError} when neither works: a test that needs it fails then, and is never skipped.
 */
export async function startCollector(log: (line: string) => void = logToStderr): Promise<Collector> {
  const attempts = new Attempts(CollectorUnavailableError);
  const engine = await connectEngine(attempts, log);
  const image = await collectorImage(engine, attempts, log);
  const owned = await ownContainers(engine);
  // To containers the host is none of its loopback addresses.
  const received = await startSink({ host: '0.0.0.0' });
  const stop = async () => {
    await owned.remove();
    await received.close();
  };
  try {
    const request = { image: image.reference, labels: owned.labels };
    const { http, grpc } = await startCollectorContainer(request, received.port);
    return { httpEndpoint: http, grpcEndpoint: grpc, received, [Symbol.asyncDispose]: stop };
  } catch (error) {
    attempts.failed(`starting ${image.reference}`, error);
    await stop();
    throw attempts.unavailable();
  }
}

/** Gets the engine and the image that `startCollector` would use, and starts nothing. */
export async function prepareCollector(log: (line: string) => void = logToStderr): Promise<void> {
  const attempts = new Attempts(CollectorUnavailableError);
  await collectorImage(await connectEngine(attempts, log), attempts, log);
}

async function collectorImage(
  engine: Engine,
  attempts: Attempts,
  log: (line: string) => void,
): Promise<Image> {
  const image = await obtainImage(engine, COLLECTOR_IMAGE, attempts, log);
  if (image === undefined) throw attempts.unavailable();
  return image;
}
