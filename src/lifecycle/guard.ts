/** Makes listeners that can't throw into the process, which would change how it ends. */
export type Guard = <Args extends unknown[]>(listener: (...args: Args) => void) => (...args: Args) => void;

export function guardWith(onDiagnostic: (line: string) => void): Guard {
  return (listener) =>
    (...args) => {
      try {
        listener(...args);
      } catch (error) {
        onDiagnostic(`lifecycle: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
}
