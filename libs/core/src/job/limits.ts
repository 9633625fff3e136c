/** Numbers that bound what a job may do, each with its reason. */
export const jobLimits = {
  /** Executions assigned by one commit: about 300 bytes each, so a commit stays near its aim of 64 KB. */
  placesPerCommit: 128,
  /** How long after the deadline of a run, or of publishing, the owner waits for the node to report it by itself. */
  timeoutGraceMs: 10_000,
  /** The least time between two entries in the log about why slots wait: a job that waits for days leaves a line a minute at most. */
  waitReportedMs: 60_000,
  /** Answers of nodes kept with a decision; the rest are counted in its sentence. */
  storedAnswers: 20,
  /** Ended executions kept beyond the last one of each slot: as many as a job may have partitions, some 500 bytes each in memory. */
  supersededStored: 1000,
  /** Nodes on which failures are counted; the ranker needs those that failed lately. As many as superseded executions are kept. */
  failingNodesMax: 1000,
} as const;
