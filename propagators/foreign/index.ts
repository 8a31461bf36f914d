/** Trace context in the formats of other systems. */
export { FOREIGN_FORMATS, type ForeignFormat } from './formats.ts';
export { ForeignPropagator } from './propagator.ts';
export { readForeign } from './read-foreign.ts';
