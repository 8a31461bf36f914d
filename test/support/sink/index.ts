export type { Filter } from './filter.ts';
export type * from './model.ts';
export { type Sink, type SinkBehaviour, type SinkOptions, startSink } from './server.ts';
