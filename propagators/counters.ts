/** What propagation had to leave aside since the process started. Diagnostic: numbers only, never values. */
export interface PropagationCounters {
  /** Header values that are no text: numbers, tables, null, functions. */
  ignoredValues: number;
  /** Text that breaks its header's grammar. */
  malformed: number;
  /** Inbound values or members beyond a size or count limit. */
  oversized: number;
  /** Outbound members left out for the size budget, and headers the carrier did not take. */
  droppedOutbound: number;
  /** Getters, setters and carriers that threw. */
  carrierErrors: number;
  /** Calls to the Sentry side that threw. */
  sourceErrors: number;
}

/** The process-wide counters of every propagator and carrier of this package. */
export const propagationCounters: PropagationCounters = {
  ignoredValues: 0,
  malformed: 0,
  oversized: 0,
  droppedOutbound: 0,
  carrierErrors: 0,
  sourceErrors: 0,
};
