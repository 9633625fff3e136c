/** Limits of a job. */
export const jobLimits = {
  /** Executions assigned by one commit: about 300 bytes each, so a commit stays near its aim of 64 KB. */
  placesPerCommit: 128,
  /** Executions of earlier versions that stop at once: as many as one commit replaces. */
  stoppingAtOnce: 128,
  /** How long after the deadline of a run, or of publishing, the owner waits for the node's report. */
  timeoutGraceMs: 10_000,
  /** The least time between two log entries about why slots wait: a job that waits for days writes one entry per minute at most. */
  waitReportedMs: 60_000,
  /** Answers of nodes stored with a decision; its sentence counts the rest. */
  storedAnswers: 20,
  /** Ended executions stored beyond the last one of each slot, some 500 bytes each in memory; more than a page of the API has. */
  supersededStored: 1000,
  /** Versions with their specs, at most 64 KB each; later ones replace the oldest without live executions. */
  versionsStored: 64,
  /** A run of this length was stable: the pause before the next retry starts from the first one again. As Nomad's default interval. */
  stableRunMs: 10 * 60_000,
  /** How much higher the priority of a job must be than that of the executions that it ends. As in Nomad: jobs of nearly the same priority do not end each other in turn. */
  preemptionGap: 10,
  /** Nodes with a failure count; the ranker needs the recent ones. As many as superseded executions are stored. */
  failingNodesMax: 1000,
} as const;
