/** The limits of the API, each with its reason. */
export const apiLimits = {
  /** A submission with inline inputs; Bacalhau's limit. */
  bodyBytes: 10 * 1024 * 1024,
  /**
   * All bodies being received, together: as many of the largest as one client may send, and a share of any machine's
   * memory.
   */
  bodiesBytes: 256 * 1024 * 1024,
  /**
   * Values in a body, in all its lists and objects: a spec of 64 KiB without its inline contents has fewer, at two
   * bytes for each.
   */
  bodyValues: 20_000,
  /** Warnings, and problems, that a response lists; of the others it has the count. */
  sentences: 20,
  /** Characters of one warning or problem: a value that it names may be as long as the body. */
  sentenceChars: 1000,
  /** How long a slow or silent sender may take for the head of a request, and for all of it; Bacalhau's limits. */
  headersMs: 5000,
  requestMs: 20_000,
  /** The interval of the check for slow senders: it adds to the two limits above, so it is small against them. */
  lateCheckMs: 1000,
  /**
   * How long a connection may be idle, as when a client does not read its response: twice what the slowest response
   * takes to begin.
   */
  stillMs: 60_000,
  /** How long a response may take to begin; Bacalhau's limit. */
  handlerMs: 30_000,
  /**
   * How long responses may take when the service stops, before their connections are closed: a process ends within 3 s
   * of SIGTERM.
   */
  closeMs: 1000,
  /** Longer than load balancers hold idle connections (60 s at most of them), so that they close first. */
  keepAliveMs: 65_000,
  /** A name, an id or a path element; names of jobs are 256 characters at most, each up to 9 bytes when escaped. */
  paramChars: 2400,
  /** Client addresses whose rate is tracked; the oldest is dropped when there are more. */
  ratedClients: 10_000,
  /** Open event feeds; each may use a consumer on the NATS server while it reads past commits. */
  feedsMax: 200,
  /** What a feed buffers for a reader that is slower than the log, before it waits for that reader. */
  feedBufferBytes: 1024 * 1024,
  /** How long such a reader may take before it is disconnected; it can resume at its position. */
  feedDrainMs: 30_000,
  /** Silence after which a feed sends a keep-alive: shorter than the 60 s after which proxies close a connection. */
  feedHeartbeatMs: 15_000,
  /**
   * Commits in memory for feeds that join or return, and at most twice as many: a second at a busy cluster's rate, 32
   * MiB of the largest.
   */
  feedRecentCommits: 256,
  /** How long the shared consumer stays open after its last feed: browsers reconnect within 3 s. */
  feedLingerMs: 10_000,
  /** Open log streams. */
  logStreamsMax: 200,
  /**
   * What a log stream buffers for a reader that is slower than the output, before it stops reading: two lines of the
   * maximum length.
   */
  logShareBytes: 128 * 1024,
  /**
   * What all log streams buffer together: more than the shares of all of them, as a few chunks arrive after each is
   * full.
   */
  logBudgetBytes: 64 * 1024 * 1024,
  /** A longer line of output is split into pieces of this size. */
  logLineBytes: 64 * 1024,
  /** How long a stream waits for the rest of an execution's output once the execution has ended. */
  logDrainMs: 5000,
} as const;
