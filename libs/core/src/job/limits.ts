/** Limits of a job. */
export const jobLimits = {
  /** Executions assigned by one commit: about 300 bytes each, so a commit stays near its aim of 64 KB. */
  placesPerCommit: 128,
  /** How long after the deadline of a run, or of publishing, the owner waits for the node's report. */
  timeoutGraceMs: 10_000,
  /** The least time between two log entries about why slots wait: a job that waits for days writes one entry per minute at most. */
  waitReportedMs: 60_000,
  /** Answers of nodes stored with a decision; its sentence counts the rest. */
  storedAnswers: 20,
  /** Ended executions stored beyond the last one of each slot: as many as a job may have partitions, some 500 bytes each in memory. */
  supersededStored: 1000,
  /** Nodes with a failure count; the ranker needs the recent ones. As many as superseded executions are stored. */
  failingNodesMax: 1000,
} as const;
