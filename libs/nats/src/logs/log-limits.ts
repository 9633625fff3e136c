/** Limits of an execution's output. Output above them is shed; the execution itself never waits. */
export const logLimits = {
  /** Size of one message: well below the server's maximum of 1 MB, and small enough that a reader gets output soon. */
  chunkBytes: 65_536,
  /** Sustained rate of one execution: faster than a person reads, slow enough for a hundred executions on one server. */
  bytesPerSecond: 1_048_576,
  /** Maximum burst after an idle time. */
  burstBytes: 4_194_304,
  /** Chunks that a reader requests ahead: they are buffered while it is busy, times the number of readers that the API allows. */
  readBatch: 4,
  /** Executions with a stored rate; a node runs far fewer at a time. */
  executionsMax: 4_096,
} as const;
