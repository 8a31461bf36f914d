/** Everything in the preload's bundle shares one `@opentelemetry/api`: the one that src/opentelemetry-api.ts picks. */

import { join } from 'node:path';
import type { Plugin } from 'rolldown';

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
