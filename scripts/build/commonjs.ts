/** Two shapes of published code that would hide a dependency from the bundler, or bring one in twice. */

import type { Plugin } from 'rolldown';

/**
 * OpenTelemetry's ES module builds load some packages by a `require` of their own making, which a bundler can't see
 * through; left alone, it would look for them beside the bundle.
 */
export function visibleRequires(): Plugin {
  return {
    name: 'visible-requires',
    transform: {
      filter: { id: /[\\/]node_modules[\\/].*\.mjs$/, code: '__require(' },
      handler: (code) => ({
        code: code.replace(/\b__require\((?=["'])/g, 'require('),
        map: null,
      }),
    },
  };
}

const REQUIRE = /^const (\w+|\{[^}]*\}) = require\('([^']+)'\)$/gm;
const EXPORTS = /^module\.exports(?:\.\w+)? = (\w+)$/gm;

/**
 * `@fastify/otel` is CommonJS. Bundled as such it would keep all of each package it requires, and could not share
 * OpenTelemetry with the chunks that import it. It requires and exports at its top level only, so the statements
 * can be written as an ES module's.
 */
export function fastifyAsEsModule(): Plugin {
  return {
    name: 'fastify-otel-as-es-module',
    transform: {
      filter: { id: /[\\/]@fastify[\\/]otel[\\/]index\.js$/ },
      handler(code) {
        const names = new Set([...code.matchAll(EXPORTS)].map(([, name]) => name));
        const [name] = names;
        if (names.size !== 1 || !code.match(REQUIRE))
          return this.error('@fastify/otel is not written as it was: see scripts/build/commonjs.ts');
        const imports = code.replace(REQUIRE, (_all, binding: string, from: string) => {
          const attributes = from.endsWith('.json') ? " with { type: 'json' }" : '';
          return `import ${binding.replaceAll(':', ' as')} from '${from}'${attributes}`;
        });
        return {
          code: `${imports.replace(EXPORTS, '')}\nexport { ${name} }\n`,
          map: null,
        };
      },
    },
  };
}
