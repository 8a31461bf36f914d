import type { ForeignParent } from './foreign-parent.ts';

/** Reads a header: its last valid value, parsed; undefined when absent, and when invalid, which is counted. */
export type ReadHeader = <T>(name: string, parse: (text: string) => T | undefined) => T | undefined;

export type WriteHeader = (name: string, value: string) => void;

/** How one system writes trace context into headers. */
export interface ForeignCodec {
  /** All its headers, spelled as its writers spell them. */
  readonly fields: readonly string[];
  read(header: ReadHeader): ForeignParent | undefined;
  write(parent: ForeignParent, header: WriteHeader): void;
}
