import { forgetAfterMs, listOf } from "@shoal/core";
import { checkNatsSettings, natsSettings, storageDefaults } from "@shoal/nats";
import { tokenProblem } from "@shoal/proto";
import { z } from "zod";

const token = (what: string) =>
  z.string().superRefine((name, issues) => {
    const problem = name === "" ? undefined : tokenProblem(name);
    if (problem !== undefined) issues.addIssue({ code: "custom", message: `${what} cannot be "${name}": ${problem}` });
  });

const port = z.coerce.number().int().min(0).max(65_535);

/** Whether a text is an origin as browsers write it (RFC 6454): in lower case, without a path. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
}

const Http = z.object({
  host: z.string().min(1).default("127.0.0.1").describe("address that the API listens on"),
  port: port.default(1234).describe("port that the API listens on; 0 takes any free one"),
  publicUrl: z
    .union([z.literal(""), z.url({ protocol: /^https?$/ })])
    .default("")
    .describe("how clients reach the API, for links in answers; empty means as the request came in"),
  origins: listOf(
    z
      .string()
      .refine(
        isOrigin,
        "expected an origin such as https://console.example.org: scheme, host, port unless it is the usual one",
      ),
  )
    .default([])
    .describe(
      "origins of web pages that may use the API from a browser, split by commas; empty for none but the API's own",
    ),
  requestsPerSecond: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe("requests per second that one client address may make, on average; ten times what the field allows"),
  connectionsMax: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(10_000)
    .describe("connections of clients that are open at once"),
});

const Nats = z
  .object({
    ...natsSettings,
    replicas: z.coerce
      .number()
      .int()
      .refine((count) => [1, 3, 5].includes(count), "wanted 1, 3 or 5")
      .default(1)
      .describe("copies of every stream and bucket: 1, 3 or 5; fixed when the cluster is created"),
  })
  .superRefine(checkNatsSettings);

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const dayMs = 86_400_000;

const Auction = z.object({
  width: count(1, 64).default(3).describe("nodes that are asked at once for one job"),
  rounds: count(1, 64).default(8).describe("rounds of so many nodes before a job waits for room"),
  waitMs: count(10, 60_000)
    .default(300)
    .describe("longest wait for nodes that do not answer, milliseconds; those that answer decide it sooner"),
  // As often as a requester looks at all that waits: most tasks of a busy cluster that small ones come and go in are shorter.
  reserveAfterMs: count(1_000, dayMs)
    .default(30_000)
    .describe(
      "how long a job waits for room before one node reserves the room that comes free for it, milliseconds; it is acted on every 30 seconds",
    ),
});

const Nodes = z
  .object({
    disconnectAfterMs: count(1000, 3_600_000)
      .default(6000)
      .describe(
        "silence after which a node is taken for gone, milliseconds; several heartbeats, with time to connect anew",
      ),
    settleMs: count(0, 600_000)
      .default(2500)
      .describe(
        "how long a requester listens after its start before it says that no node fits, milliseconds; more than two heartbeats",
      ),
    forgetAfterMs: count(1000, 10 * 365 * dayMs)
      .default(forgetAfterMs)
      .describe(
        "how long a node may be disconnected before it is forgotten and its results are deleted, milliseconds; longer than disconnectAfterMs",
      ),
  })
  .superRefine(({ disconnectAfterMs, forgetAfterMs: afterMs }, issues) => {
    if (afterMs > disconnectAfterMs) return;
    issues.addIssue({
      code: "custom",
      path: ["forgetAfterMs"],
      message: `expected more than disconnectAfterMs (${disconnectAfterMs}), got ${afterMs}: a node is forgotten after it was disconnected for longer than a pause`,
    });
  });

const bytes = (most: number) => count(1_048_576, most);

const Storage = z.object({
  reportsBytes: bytes(2 ** 50)
    .default(storageDefaults.reportsBytes)
    .describe("bytes of reports of nodes that wait to be decided on; more are refused, and nodes send them again"),
  logsBytes: bytes(2 ** 50)
    .default(storageDefaults.logsBytes)
    .describe("bytes of output of executions that are kept; the oldest goes first"),
  resultsBytes: bytes(2 ** 50)
    .default(storageDefaults.resultsBytes)
    .describe("bytes of results that each node may keep in the object store; the server sets this room aside"),
});

const JobDefaults = z.object({
  // A day: longer than nearly all batch work, and an endless task gives its room back within one. Bacalhau's setting of
  // this name has no default; Nomad has none for batch jobs.
  executionTimeoutMs: count(0, 365 * dayMs)
    .default(dayMs)
    .describe(
      "time that each execution of a batch or ops job may take when the job names neither an execution timeout nor a total timeout, milliseconds; 0 means no limit",
    ),
});

const Jobs = z.object({
  // Ten times what one node's loss is measured with (100,000); at some kilobytes each, the requesters share a few gigabytes.
  openMax: count(16, 100_000_000)
    .default(1_000_000)
    .describe(
      "jobs and nodes that may be open at once in the whole cluster, split evenly over its shards; a shard at its limit answers submissions with 429",
    ),
});

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Everything that a requester can be told. `http.port` is also SHOAL_HTTP_PORT. */
export const RequesterConfig = z
  .object({
    requesterId: token("a requester's id")
      .default("")
      .describe("name of this requester, unique in its cluster; empty makes one and keeps it in dataDir"),
    dataDir: z.string().min(1).default(".shoal/requester").describe("folder for what this requester keeps for itself"),
    labels: listOf(z.string().regex(/^[^=]+=.*$/, "wanted key=value"))
      .default([])
      .describe("labels of this requester in lists of nodes: key=value, split by commas"),
    http: Http.prefault({}),
    nats: Nats.prefault({}),
    storage: Storage.prefault({}),
    auction: Auction.prefault({}),
    nodes: Nodes.prefault({}),
    jobs: Jobs.prefault({}),
    jobDefaults: JobDefaults.prefault({}),
    positionsMs: count(10, 600_000)
      .default(1000)
      .describe(
        "how often at most a shard writes down how far it has come, milliseconds; what lies behind it is done again after a crash",
      ),
    log: z
      .object({ level: z.enum(levels).default("info").describe("least level of what is logged to stderr") })
      .prefault({}),
  })
  .readonly();
export type RequesterConfig = z.infer<typeof RequesterConfig>;
