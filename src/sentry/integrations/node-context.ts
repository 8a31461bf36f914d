import { readFileSync } from 'node:fs';
import * as os from 'node:os';
import type { Contexts, Integration, StreamedSpanJSON } from '@sentry/core';

/**
 * What Sentry's integration of the same name adds to events (operating system, app, device, culture), synchronously:
 * an event that ends the process can't wait for a file to be read. Segment spans get the parts that never change;
 * the memory figures, which cost most, only events.
 *
 * @see https://develop.sentry.dev/sdk/data-model/event-payloads/contexts/
 */
export function nodeContext(): Integration {
  let fixed: Contexts | undefined;
  let attributes: Record<string, unknown> | undefined;
  return {
    name: 'Context',
    processEvent: (event) => {
      fixed ??= fixedContexts();
      const contexts = withMemory(fixed);
      for (const [name, context] of Object.entries(contexts)) {
        contexts[name] = { ...context, ...event.contexts?.[name] };
      }
      event.contexts = { ...event.contexts, ...contexts };
      return event;
    },
    processSegmentSpan: (span: StreamedSpanJSON) => {
      fixed ??= fixedContexts();
      attributes ??= spanAttributes(fixed);
      span.attributes = { ...attributes, ...span.attributes };
    },
  };
}

function fixedContexts(): Contexts {
  const now = Date.now();
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return {
    app: { app_start_time: new Date(now - process.uptime() * 1_000).toISOString() },
    os: operatingSystem(),
    device: {
      boot_time: new Date(now - os.uptime() * 1_000).toISOString(),
      arch: os.arch(),
      memory_size: os.totalmem(),
      ...processors(),
    },
    culture: { locale, timezone: timeZone },
  };
}

function withMemory({ app, device, ...rest }: Contexts): Contexts {
  return {
    ...rest,
    app: { ...app, app_memory: process.memoryUsage.rss(), free_memory: process.availableMemory() },
    device: { ...device, free_memory: os.freemem() },
  };
}

function processors(): NonNullable<Contexts['device']> {
  const cpus = os.cpus();
  const [first] = cpus;
  if (first === undefined) return {}; // some systems don't tell
  return { processor_count: cpus.length, cpu_description: first.model, processor_frequency: first.speed };
}

const PLATFORMS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  aix: 'IBM AIX',
  android: 'Android',
  darwin: 'macOS',
  freebsd: 'FreeBSD',
  linux: 'Linux',
  openbsd: 'OpenBSD',
  sunos: 'SunOS',
  win32: 'Windows',
};

function operatingSystem(): NonNullable<Contexts['os']> {
  const platform = os.platform();
  const name = PLATFORMS[platform] ?? platform;
  if (platform !== 'linux') return { name, version: os.release() };
  const release = osRelease();
  const version = release.get('VERSION_ID');
  return {
    name: release.get('NAME') ?? name,
    ...(version !== undefined && { version }),
    kernel_version: os.release(),
  };
}

/** @see https://www.freedesktop.org/software/systemd/man/latest/os-release.html */
function osRelease(): ReadonlyMap<string, string> {
  let text = '';
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // Minimal images have none; the kernel's name and version remain.
  }
  const lines = text.matchAll(/^([A-Z_]+)=(["']?)(.*)\2$/gm);
  return new Map([...lines].map(([, key = '', , value = '']) => [key, value]));
}

/** Names as in Sentry's conventions: https://getsentry.github.io/sentry-conventions/attributes/ */
function spanAttributes({ app, os, device, culture }: Contexts): Record<string, unknown> {
  const attributes = {
    'process.runtime.engine.name': 'v8',
    'process.runtime.engine.version': process.versions.v8,
    'app.start_time': app?.app_start_time,
    'os.name': os?.name,
    'os.version': os?.version,
    'os.kernel_version': os?.kernel_version,
    'device.archs': [device?.arch],
    'device.boot_time': device?.boot_time,
    'device.memory_size': device?.memory_size,
    'device.processor_count': device?.processor_count,
    'device.cpu_description': device?.cpu_description,
    'device.processor_frequency': device?.processor_frequency,
    'culture.locale': culture?.locale,
    'culture.timezone': culture?.timezone,
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
