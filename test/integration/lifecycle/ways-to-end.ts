/** The ways in which `fixtures/app.mjs` can end, and what of its telemetry has to arrive by then. */
export interface WayToEnd {
  readonly name: string;
  /** It waits for a signal and then ends. */
  readonly bySignal?: boolean;
  /** Beside the one called `work`, in the order of their start. */
  readonly spans?: readonly string[];
  readonly error?: { readonly message: string; readonly level: 'error' | 'fatal'; readonly inSpan?: string };
  /** Node prints, below the error, where in Node the listener was called from: elsewhere if there are two of them. */
  readonly printsNodeFrames?: boolean;
}

const UNCAUGHT = { message: 'uncaught', level: 'fatal' } as const;

export const WAYS_TO_END: readonly WayToEnd[] = [
  { name: 'a natural end' },
  { name: 'a natural end with process.exitCode' },
  { name: 'a natural end with a listener for beforeExit' },
  { name: 'a natural end after a flush that the application waits for' },
  { name: 'work that a listener for beforeExit starts', spans: ['late'] },
  { name: 'an await that never settles' },
  { name: 'process.exit' },
  { name: 'process.exit in a listener for exit' },
  { name: 'process.exit with ten listeners for exit' },
  { name: 'an uncaught exception', spans: ['failing'], error: { ...UNCAUGHT, inSpan: 'failing' } },
  {
    name: 'an uncaught exception while the modules load',
    error: { message: 'at start', level: 'fatal' },
  },
  { name: 'an uncaught exception that is no error', error: { message: 'text', level: 'fatal' } },
  { name: 'an uncaught exception with a listener that ends the process', error: UNCAUGHT },
  { name: 'an uncaught exception with a listener that goes on', error: UNCAUGHT },
  { name: 'an exception in a listener for exit', error: UNCAUGHT, printsNodeFrames: true },
  {
    name: 'an unhandled rejection',
    spans: ['failing'],
    error: { message: 'unhandled', level: 'fatal', inSpan: 'failing' },
  },
  {
    name: 'an unhandled rejection with no error',
    error: { message: 'with the reason "#<Object>"', level: 'fatal' },
  },
  { name: 'an unhandled rejection with a listener', error: { message: 'unhandled', level: 'error' } },
  { name: 'an unhandled rejection with a listener for one', error: { message: 'second', level: 'fatal' } },
  { name: 'a signal without a listener', bySignal: true },
  { name: 'a signal with a listener that closes', bySignal: true, spans: ['closing'] },
  { name: 'a signal with a listener that takes its time', bySignal: true },
  { name: 'a signal with a listener that raises it again', bySignal: true },
  { name: 'a signal with a listener that takes itself off and raises it again', bySignal: true },
  { name: 'a signal with a library that raises it again if nobody else listens', bySignal: true },
  { name: 'a signal that the process raises on itself' },
];

export function wayToEnd(name: string): WayToEnd {
  const way = WAYS_TO_END.find((each) => each.name === name);
  if (way === undefined) throw new Error(`no way to end is called ${name}`);
  return way;
}
