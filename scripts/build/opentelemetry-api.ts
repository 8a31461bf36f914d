/** Which `@opentelemetry/api` the bundles import. */

import { join } from 'node:path';
import type { Plugin } from 'rolldown';

/** Everything in the preload's bundle shares one: the one that src/opentelemetry-api.ts picks. */
export function sharedApi(root: string): Plugin {
  const shared = join(root, 'src', 'opentelemetry-api.ts');
  return {
    name: 'shared-opentelemetry-api',
    resolveId: {
      order: 'pre',
      filter: { id: /^@opentelemetry\// },
      handler(source, importer, { kind }) {
        // It would get the CommonJS twin of what the others import: two hooks, two sets of keys.
        if (kind === 'require-call')
          return this.error(`${importer} requires ${source}, which the bundle has as ES module`);
        return source === '@opentelemetry/api' && importer !== shared ? shared : null;
      },
    },
  };
}

/** Outside the preload it is the application's, which may be older than OpenTelemetry's instrumentation expects. */
export function apiOfApp(root: string): Plugin {
  return {
    name: 'opentelemetry-api-of-app',
    resolveId: {
      order: 'pre',
      filter: { id: /^@opentelemetry\/api$/ },
      handler(_source, importer) {
        return importer?.includes('/@opentelemetry/instrumentation/')
          ? join(root, 'src', 'opentelemetry-api-of-app.ts')
          : null;
      },
    },
  };
}
