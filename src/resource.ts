/** What describes the process in every span: OpenTelemetry's resource, by the detectors a user chose. */

import { setTimeout } from 'node:timers/promises';
import {
  type DetectedResource,
  envDetector,
  hostDetector,
  osDetector,
  processDetector,
  type ResourceDetector,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { loadChunk } from './chunks.ts';
import { Environment } from './config/environment.ts';
import { reason } from './diagnostics.ts';

const VARIABLE = 'OTEL_NODE_RESOURCE_DETECTORS';

/**
 * By the names of `@opentelemetry/auto-instrumentations-node`. Those above the line need nothing but this machine;
 * those below ask a cloud's metadata address and are chunks of their own.
 */
const DETECTORS: Readonly<Record<string, () => readonly ResourceDetector[]>> = {
  env: () => [envDetector],
  host: () => [hostDetector],
  os: () => [osDetector],
  process: () => [processDetector],
  serviceinstance: () => [serviceInstanceIdDetector],
  container: () => [
    loadChunk<typeof import('@opentelemetry/resource-detector-container')>(
      import.meta.url,
      '@opentelemetry/resource-detector-container',
    ).containerDetector,
  ],
  // ---
  alibaba: () => [
    loadChunk<typeof import('@opentelemetry/resource-detector-alibaba-cloud')>(
      import.meta.url,
      '@opentelemetry/resource-detector-alibaba-cloud',
    ).alibabaCloudEcsDetector,
  ],
  aws: () => {
    const aws = loadChunk<typeof import('@opentelemetry/resource-detector-aws')>(
      import.meta.url,
      '@opentelemetry/resource-detector-aws',
    );
    return [
      aws.awsEc2Detector,
      aws.awsEcsDetector,
      aws.awsEksDetector,
      aws.awsBeanstalkDetector,
      aws.awsLambdaDetector,
    ];
  },
  azure: () => {
    const azure = loadChunk<typeof import('@opentelemetry/resource-detector-azure')>(
      import.meta.url,
      '@opentelemetry/resource-detector-azure',
    );
    return [azure.azureAppServiceDetector, azure.azureFunctionsDetector, azure.azureVmDetector];
  },
  gcp: () => [
    loadChunk<typeof import('@opentelemetry/resource-detector-gcp')>(
      import.meta.url,
      '@opentelemetry/resource-detector-gcp',
    ).gcpDetector,
  ],
};

/**
 * Unlike auto-instrumentations' "all": a service that isn't in a cloud would wait for the answers of three of them,
 * and nobody asked it to knock on network addresses.
 */
const DEFAULT_NAMES = ['env', 'host', 'os', 'process', 'serviceinstance', 'container'] as const;

/** Milliseconds that the first export may wait for a detector's answer; it goes without what comes later. */
const ANSWER_TIME = 1_000;

/**
 * The detectors that `OTEL_NODE_RESOURCE_DETECTORS` names ("all", "none" or a list), else those that never leave the
 * machine. `env` is last, so that what the user says of the service beats what was found.
 * @param onProblem gets a line for each unknown name and each detector that fails to load; the others still work.
 */
export function resourceDetectors(
  env: NodeJS.ProcessEnv,
  onProblem: (line: string) => void,
): ResourceDetector[] {
  return namesIn(env)
    .toSorted((a, b) => Number(a === 'env') - Number(b === 'env'))
    .flatMap((name) => {
      const detectors = Object.hasOwn(DETECTORS, name) ? DETECTORS[name] : undefined;
      if (detectors === undefined) {
        const expected = ['all', 'none', ...Object.keys(DETECTORS)].join(', ');
        onProblem(`${VARIABLE}: unknown detector (got ${JSON.stringify(name)}, expected ${expected})`);
        return [];
      }
      try {
        return detectors().map((detector) => withinTime(detector, ANSWER_TIME));
      } catch (error) {
        onProblem(`${VARIABLE}: ${name} can't be loaded (got ${reason(error)}, expected no error)`);
        return [];
      }
    });
}

function namesIn(env: NodeJS.ProcessEnv): readonly string[] {
  const names = new Environment(env).list(VARIABLE) ?? [];
  if (names.length === 0) return DEFAULT_NAMES;
  if (names.includes('all')) return Object.keys(DETECTORS);
  return names.includes('none') ? [] : [...new Set(names)];
}

/** The same detector, whose promised attributes are given up, that is undefined, after `ms`. */
export function withinTime(detector: ResourceDetector, ms: number): ResourceDetector {
  return {
    detect(config): DetectedResource {
      const { attributes = {} } = detector.detect(config);
      let deadline: Promise<undefined> | undefined;
      const inTime = <Value>(value: Value): Value | Promise<Awaited<Value> | undefined> => {
        if (!(value instanceof Promise)) return value;
        deadline ??= setTimeout(ms, undefined, { ref: false });
        return Promise.race([value, deadline]);
      };
      return {
        attributes: Object.fromEntries(
          Object.entries(attributes).map(([key, value]) => [key, inTime(value)] as const),
        ),
      };
    },
  };
}
