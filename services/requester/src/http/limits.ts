/** What bounds the API, each with its reason. */
export const apiLimits = {
  /** A submission with inline inputs; the field's own limit. */
  bodyBytes: 10 * 1024 * 1024,
  /** Bodies that are on their way at once, all together: as many of the largest as one client may send, and a share of any machine. */
  bodiesBytes: 256 * 1024 * 1024,
  /** Values in a body, in all its lists and objects: a spec of 64 KiB without its inline contents has fewer, at two bytes for each. */
  bodyValues: 20_000,
  /** Warnings, and problems, that an answer names; of the others it says how many there are. */
  sentences: 20,
  /** Characters of one of them: a value that it names may be as long as the body. */
  sentenceChars: 1000,
  /** How long a slow or silent sender may take for the head of a request, and for all of it; the field's own limits. */
  headersMs: 5000,
  requestMs: 20_000,
  /** How often late senders are looked for: it adds to the two limits of senders, so it is small against them. */
  lateCheckMs: 1000,
  /** How long a connection may stand still, as when nobody reads an answer: twice what the slowest answer takes to begin. */
  stillMs: 60_000,
  /** How long an answer may take to begin; the field's own limit. */
  handlerMs: 30_000,
  /** How long answers on their way may take when the service stops, before their connections are cut: a process ends within 3 s of SIGTERM. */
  closeMs: 1000,
  /** Longer than load balancers keep idle connections (60 s at most of them), so that they close first. */
  keepAliveMs: 65_000,
  /** A name, an id or a path element; names of jobs are 256 characters at most, each up to 9 bytes when escaped. */
  paramChars: 2400,
  /** Client addresses whose rate is remembered; a busier crowd shares what is forgotten. */
  ratedClients: 10_000,
  /** Open event feeds; each may be a consumer at the NATS server while it reads what is past. */
  feedsMax: 200,
  /** What a feed holds for a reader that is slower than the log before it waits for him. */
  feedBufferBytes: 1024 * 1024,
  /** How long such a reader may take before he is dropped; he resumes where he was. */
  feedDrainMs: 30_000,
  /** Silence after which a feed says that it lives: shorter than the 60 s after which proxies give up. */
  feedHeartbeatMs: 15_000,
  /** Commits kept for feeds that join or come back, and at most twice as many: a second at a busy cluster's rate, 32 MiB of the largest. */
  feedRecentCommits: 256,
  /** How long the consumer of all feeds stays open behind the last one: browsers come back within 3 s. */
  feedLingerMs: 10_000,
  /** Open log streams. */
  logStreamsMax: 200,
  /** What a log stream holds for a reader that is slower than the output before it reads no more of it: two lines of the longest. */
  logShareBytes: 128 * 1024,
  /** What all log streams hold together: more than the shares of all of them, as a few chunks come behind each. */
  logBudgetBytes: 64 * 1024 * 1024,
  /** A line of output without an end is told in pieces of this size. */
  logLineBytes: 64 * 1024,
  /** How long the end of an execution's output is waited for once the execution has ended. */
  logDrainMs: 5000,
} as const;
