import { GenericContainer, Wait } from 'testcontainers';
import { type ContainerRequest, startContainer } from './container.ts';

export const COLLECTOR_IMAGE = 'otel/opentelemetry-collector:0.162.0';

const GRPC_PORT = 4317;
const HTTP_PORT = 4318;
const HEALTH_PORT = 13133;
/** The engine's host as its containers know it: Docker Desktop's name for it, which other engines are told. */
const HOST = 'host.docker.internal';

/** Where a Collector takes OTLP. */
export interface CollectorEndpoints {
  readonly http: string;
  readonly grpc: string;
}

/** Starts a Collector that passes everything on to that port of the host, which has to listen on all interfaces. */
export async function startCollectorContainer(
  { image, labels }: ContainerRequest,
  hostPort: number,
): Promise<CollectorEndpoints> {
  const container = new GenericContainer(image)
    .withExposedPorts(GRPC_PORT, HTTP_PORT, HEALTH_PORT)
    .withExtraHosts([{ host: HOST, ipAddress: 'host-gateway' }])
    .withEnvironment({ COLLECTOR_CONFIG: JSON.stringify(collectorConfig(`http://${HOST}:${hostPort}`)) })
    .withCommand(['--config=env:COLLECTOR_CONFIG'])
    // The image has no shell, so the default, which asks inside for the ports, would never succeed.
    .withWaitStrategy(Wait.forHttp('/', HEALTH_PORT));
  const started = await startContainer(container, labels);
  const endpoint = (port: number) => `http://${started.getHost()}:${started.getMappedPort(port)}`;
  return { http: endpoint(HTTP_PORT), grpc: endpoint(GRPC_PORT) };
}

/**
 * Without a queue, the Collector answers a sender when its own backend has answered it: what was acknowledged has
 * arrived. JSON is YAML, its configuration language. https://opentelemetry.io/docs/collector/configuration/
 */
function collectorConfig(backend: string): object {
  const pipeline = { receivers: ['otlp'], exporters: ['otlphttp'] };
  return {
    extensions: { health_check: { endpoint: `0.0.0.0:${HEALTH_PORT}` } },
    receivers: {
      otlp: {
        protocols: {
          grpc: { endpoint: `0.0.0.0:${GRPC_PORT}` },
          http: { endpoint: `0.0.0.0:${HTTP_PORT}` },
        },
      },
    },
    exporters: {
      otlphttp: {
        endpoint: backend,
        sending_queue: { enabled: false },
        retry_on_failure: { enabled: false },
      },
    },
    service: {
      extensions: ['health_check'],
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline },
    },
  };
}
