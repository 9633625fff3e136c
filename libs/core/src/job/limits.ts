/** Numbers that bound what a job may do, each with its reason. */
export const jobLimits = {
  /** Executions assigned by one commit: about 300 bytes each, so a commit stays near its aim of 64 KB. */
  placesPerCommit: 128,
  /** How long after an execution's own deadline its owner waits for the node to say so, before it says so itself. */
  timeoutGraceMs: 10_000,
  /** The least time between two words in the log about why a job waits: who waits for days leaves a line a minute at most. */
  waitToldMs: 60_000,
  /** Answers of nodes kept with a decision; the rest are counted in its sentence. */
  answersKept: 20,
} as const;
