/** Limits of an execution's output on its way to whoever reads it. What is above them is shed; the run itself never waits. */
export const logLimits = {
  /** One message: many fit into the server's megabyte, and a reader gets the first of it soon. */
  chunkBytes: 65_536,
  /** Lasting rate of one execution: faster than anybody reads, slow enough for a hundred of them on one server. */
  bytesPerSecond: 1_048_576,
  /** What may come at once after a quiet while. */
  burstBytes: 4_194_304,
  /** Chunks asked for ahead by a reader: what comes although it has no room, times as many readers as the API lets in. */
  readBatch: 4,
  /** Executions whose rate is remembered; a node runs far fewer at a time. */
  executionsMax: 4_096,
} as const;
