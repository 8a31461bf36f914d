import type { Client } from '@sentry/core';

const SERVICE_NAME = 'service.name';

/**
 * Says on every log and metric which service it is from, as its spans do. They have the environment and the release
 * from Sentry's client.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/resource/#service
 */
export function nameServiceOn(client: Client, serviceName: string): void {
  client.on('beforeCaptureLog', (log) => {
    log.attributes = { [SERVICE_NAME]: serviceName, ...log.attributes };
  });
  client.on('processMetric', (metric) => {
    metric.attributes = { [SERVICE_NAME]: serviceName, ...metric.attributes };
  });
}
