import { forgetAfterMs, jobLimits, listOf, yesOrNo } from "@shoal/core";
import { checkNatsSettings, natsSettings, storageDefaults } from "@shoal/nats";
import { type Parsed, parseBytes, parseCpu, parseGpu, tokenProblem } from "@shoal/proto";
import { z } from "zod";
import { readQuota } from "./owner/scheduler/quota-settings.ts";

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
  port: port.default(1234).describe("port that the API listens on; 0 binds any free port"),
  publicUrl: z
    .union([z.literal(""), z.url({ protocol: /^https?$/ })])
    .default("")
    .describe("how clients reach the API, for links in responses; empty means the Host of the request"),
  origins: listOf(
    z
      .string()
      .refine(
        isOrigin,
        "expected an origin such as https://console.example.org: scheme, host, port unless it is the default port",
      ),
  )
    .default([])
    .describe(
      "origins of web pages that may use the API from a browser, separated by commas; empty allows only the API's own pages",
    ),
  requestsPerSecond: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe("requests per second that one client address may make, on average; ten times Bacalhau's limit"),
  connectionsMax: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(10_000)
    .describe("maximum number of open client connections"),
});

const Nats = z
  .object({
    ...natsSettings,
    replicas: z.coerce
      .number()
      .int()
      .refine((count) => [1, 3, 5].includes(count), "expected 1, 3 or 5")
      .default(1)
      .describe("copies of every stream and bucket: 1, 3 or 5; fixed when the cluster is created"),
  })
  .superRefine(checkNatsSettings);

const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

const dayMs = 86_400_000;

const Auction = z.object({
  width: count(1, 64).default(3).describe("nodes asked at once for one job"),
  rounds: count(1, 64).default(8).describe("rounds of that size before a job waits for room"),
  waitMs: count(10, 60_000)
    .default(300)
    .describe("longest wait for nodes that do not answer, milliseconds; those that answer decide it sooner"),
  // As often as a scheduler tries everything that waits. Most tasks of a busy cluster in which small tasks come and go
  // are shorter.
  reserveAfterMs: count(1_000, dayMs)
    .default(30_000)
    .describe(
      "how long a job waits for room before one node reserves freed room for it, milliseconds; checked every 30 seconds",
    ),
  preemption: yesOrNo()
    .default(false)
    .describe(
      `whether a job that finds no room ends executions of batch and service jobs whose priority is lower by ${jobLimits.preemptionGap} or more: true or false; equal on all requesters`,
    ),
});

const Nodes = z
  .object({
    disconnectAfterMs: count(1000, 3_600_000)
      .default(6000)
      .describe(
        "silence after which a node counts as disconnected, milliseconds; several heartbeats and the time to reconnect",
      ),
    settleMs: count(0, 600_000)
      .default(2500)
      .describe(
        "how long a requester collects heartbeats after its start before it records that no node fits, milliseconds; more than two heartbeats",
      ),
    forgetAfterMs: count(1000, 10 * 365 * dayMs)
      .default(forgetAfterMs)
      .describe(
        "how long a node may be disconnected before it is forgotten and its results are deleted, milliseconds; longer than disconnectAfterMs",
      ),
    manualApproval: yesOrNo()
      .default(false)
      .describe("whether a node that joins gets work only after `shoal node approve`: true or false"),
  })
  .superRefine(({ disconnectAfterMs, forgetAfterMs: afterMs }, issues) => {
    if (afterMs > disconnectAfterMs) return;
    issues.addIssue({
      code: "custom",
      path: ["forgetAfterMs"],
      message: `expected more than disconnectAfterMs (${disconnectAfterMs}), got ${afterMs}: a node is forgotten only after it has been disconnected for a while`,
    });
  });

const bytes = (most: number) => count(1_048_576, most);

const Storage = z.object({
  reportsBytes: bytes(2 ** 50)
    .default(storageDefaults.reportsBytes)
    .describe(
      "maximum bytes of node reports that wait for a decision; further reports are refused, and nodes resend them",
    ),
  logsBytes: bytes(2 ** 50)
    .default(storageDefaults.logsBytes)
    .describe("maximum bytes of stored execution output; the oldest is removed first"),
  resultsBytes: bytes(2 ** 50)
    .default(storageDefaults.resultsBytes)
    .describe("maximum bytes of results of each node in the object store; the NATS server reserves them"),
});

const amount = (parse: (text: string) => Parsed) =>
  z
    .union([z.string(), z.number().transform(String)])
    .default("")
    .superRefine((text, issues) => {
      const read = text === "" ? undefined : parse(text);
      if (read?.ok === false) issues.addIssue({ code: "custom", message: read.why });
    });

// The limit of a spec's timeouts.
const seconds = () => count(0, 10 * 365 * 86_400).default(0);

/** What jobs of one type get when they do not set it. */
const typeDefaults = (type: string) =>
  z
    .object({
      priority: z.coerce.number().int().default(0).describe(`priority of ${type} jobs that set none, or 0`),
      cpu: amount(parseCpu).describe(`cores of the tasks of ${type} jobs that request none; empty means 500m`),
      memory: amount(parseBytes).describe(`memory of the tasks of ${type} jobs that request none; empty means 512Mb`),
      disk: amount(parseBytes).describe(`disk of the tasks of ${type} jobs that request none; empty means none`),
      gpu: amount(parseGpu).describe(`GPUs of the tasks of ${type} jobs that request none; empty means none`),
      publisher: z.string().default("").describe(`publisher of ${type} jobs that name none; empty means none`),
      publisherParams: listOf(z.string().regex(/^[^=]+=.*$/, "expected key=value"))
        .default([])
        .describe("params of that publisher: key=value, separated by commas"),
      executionTimeout: seconds().describe(
        `execution timeout of ${type} jobs that set neither it nor a total timeout, seconds; 0 means none, or executionTimeoutMs`,
      ),
      queueTimeout: seconds().describe(`queue timeout of ${type} jobs that set none, seconds; 0 means none`),
      totalTimeout: seconds().describe(
        `total timeout of ${type} jobs that set none, seconds; 0 means none; left out where the job's other timeouts exceed it`,
      ),
    })
    .superRefine(({ executionTimeout, queueTimeout, totalTimeout }, issues) => {
      if (totalTimeout === 0 || executionTimeout + queueTimeout <= totalTimeout) return;
      issues.addIssue({
        code: "custom",
        path: ["totalTimeout"],
        message: `expected at least executionTimeout + queueTimeout (${executionTimeout + queueTimeout}), got ${totalTimeout}`,
      });
    })
    .prefault({});

const JobDefaults = z.object({
  batch: typeDefaults("batch"),
  ops: typeDefaults("ops"),
  service: typeDefaults("service"),
  daemon: typeDefaults("daemon"),
  // A day: longer than nearly all batch work, and an endless task releases its room within one. Bacalhau's setting of
  // this name has no default; Nomad has none for batch jobs.
  executionTimeoutMs: count(0, 365 * dayMs)
    .default(dayMs)
    .describe(
      "execution timeout of batch and ops jobs that set neither an execution timeout nor a total timeout, milliseconds; 0 means no limit",
    ),
});

const Jobs = z.object({
  // Ten times the number that the loss of one node is measured with (100,000). At some kilobytes each, the requesters
  // share a few gigabytes.
  openMax: count(16, 100_000_000)
    .default(1_000_000)
    .describe(
      "maximum number of open jobs and nodes in the cluster, split evenly over its shards; a shard at its limit answers submissions with 429",
    ),
});

// The longest validity of a URL of signature version 4: a week.
const presignedMaxMs = 7 * dayMs;
const expiresMs = (fallback: number) => count(1_000, presignedMaxMs).default(fallback);

const s3Endpoint = z.union([z.literal(""), z.url({ protocol: /^https?$/ })]).default("");

const Results = z.object({
  s3: z
    .object({
      presigned: yesOrNo()
        .default(true)
        .describe(
          "whether clients get presigned URLs for results of the publisher s3, signed with this requester's credentials (the default chain of the AWS SDK)",
        ),
      // Bacalhau's default.
      expiresMs: expiresMs(30 * 60_000).describe("validity of such a URL, milliseconds; at most a week"),
      buckets: listOf(z.string().min(1))
        .default([])
        .describe("buckets for which this requester signs URLs, separated by commas; empty means every bucket"),
    })
    .prefault({}),
  s3managed: z
    .object({
      bucket: z
        .string()
        .default("")
        .describe("bucket in which nodes store results of the publisher s3managed; empty turns that publisher off"),
      prefix: z
        .string()
        .default("")
        .describe("what keys in that bucket begin with, before <job>/<execution>.tar.gz; the same on every requester"),
      region: z.string().default("").describe("region of that bucket; empty means AWS_REGION, or us-east-1"),
      endpoint: s3Endpoint.describe("URL of a store other than AWS"),
      // Bacalhau's default, for uploads as for downloads.
      expiresMs: expiresMs(60 * 60_000).describe("validity of a URL for an upload or a download, milliseconds"),
    })
    .prefault({}),
});

const Secrets = z.object({
  keyFile: z
    .string()
    .default("")
    .describe(
      "file of the cluster's X25519 keys for secrets, in PEM: the first seals, all open; the same on every requester, for its owner alone; empty disables secrets",
    ),
});

const quota = z.string().superRefine((text, issues) => {
  const read = readQuota(text);
  if (!read.ok) issues.addIssue({ code: "custom", message: read.why });
});

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** The settings of a requester. `http.port` is also SHOAL_HTTP_PORT. */
export const RequesterConfig = z
  .object({
    requesterId: token("a requester's id")
      .default("")
      .describe("name of this requester, unique in its cluster; empty generates one and stores it in dataDir"),
    dataDir: z.string().min(1).default(".shoal/requester").describe("folder for this requester's local files"),
    labels: listOf(z.string().regex(/^[^=]+=.*$/, "expected key=value"))
      .default([])
      .describe("labels of this requester in lists of nodes: key=value, separated by commas"),
    http: Http.prefault({}),
    nats: Nats.prefault({}),
    storage: Storage.prefault({}),
    auction: Auction.prefault({}),
    nodes: Nodes.prefault({}),
    jobs: Jobs.prefault({}),
    jobDefaults: JobDefaults.prefault({}),
    results: Results.prefault({}),
    secrets: Secrets.prefault({}),
    quotas: listOf(quota)
      .default([])
      .describe(
        "the most that the executions of a namespace may use at once, separated by commas: team-a cpu=8 memory=16GiB gpu=1 jobs=20; jobs beyond it wait; the namespace * stands for all others; equal on all requesters",
      ),
    positionsMs: count(10, 600_000)
      .default(1000)
      .describe(
        "minimum time between two saves of a shard's positions, milliseconds; work after the saved position is repeated after a crash",
      ),
    log: z
      .object({ level: z.enum(levels).default("info").describe("minimum level of log lines on stderr") })
      .prefault({}),
  })
  .readonly();
export type RequesterConfig = z.infer<typeof RequesterConfig>;
