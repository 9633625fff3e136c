// biome-ignore-all lint/style/noExcessiveLinesPerFile: a table
import { listOf, yesOrNo } from "@shoal/core";
import { checkNatsSettings, natsSettings } from "@shoal/nats";
import { type Parsed, parseBytes, parseCpu, parseGpu, tokenProblem } from "@shoal/proto";
import { guestIsolations, isolationOptions } from "@shoal/wasi-sandbox";
import { z } from "zod";
import { Capability, diskLimits, userPattern } from "./executors/docker/container-settings.ts";
import { pullDefaults } from "./executors/docker/pulls.ts";
import { nativeDefaults } from "./executors/native/native-settings.ts";
import { readPortRange } from "./grants/port-range.ts";
import { unreadable } from "./sources/local/allow-list.ts";
import { transferSettings } from "./transfer-settings.ts";

const token = (what: string) =>
  z.string().superRefine((name, issues) => {
    const problem = name === "" ? undefined : tokenProblem(name);
    if (problem !== undefined) issues.addIssue({ code: "custom", message: `${what} cannot be "${name}": ${problem}` });
  });

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const pair = z.string().regex(/^[^=]+=.*$/, "expected key=value");
const percent = /^(100|\d{1,2})%$/;

/** An amount, or a share of the machine's resources; empty selects the default that the setting names. */
const amount = (parse: (text: string) => Parsed, example: string) =>
  z
    .union([z.string(), z.number().transform(String)])
    .default("")
    .superRefine((text, issues) => {
      if (text === "" || percent.test(text) || parse(text).ok) return;
      issues.addIssue({
        code: "custom",
        message: `expected an amount such as ${example} or a share such as 80%, got "${text}"`,
      });
    });

const Capacity = z.object({
  cpu: amount(parseCpu, "1500m or 4").describe("cores for executions; empty means 80% of the machine's"),
  memory: amount(parseBytes, "8GiB").describe("bytes of memory for executions; empty means 80% of the machine's"),
  disk: amount(parseBytes, "100GB").describe(
    "bytes of disk for executions; empty means 80% of what is free in dataDir",
  ),
  gpu: amount(parseGpu, "2").describe(
    "GPUs for executions; empty means all that nvidia-smi, rocm-smi and xpu-smi find",
  ),
  // Beyond ten, tasks that use what they request would run at a tenth of their speed.
  oversubscription: z.coerce
    .number()
    .min(1)
    .max(10)
    .default(1)
    .describe(
      "how many times the cores for executions may be promised: above 1, tasks that use all they request share the cores; memory, disk and GPUs are promised once",
    ),
  // Two orders of magnitude above what one machine usefully runs at once.
  slots: whole(1, 100_000).default(1_000).describe("limit of concurrent executions and held bids"),
});

const PerTask = z.object({
  cpu: amount(parseCpu, "1").describe("cores that one task may ask for; empty means all of the capacity"),
  memory: amount(parseBytes, "1GiB").describe(
    "bytes of memory that one task may ask for; empty means all of the capacity",
  ),
  disk: amount(parseBytes, "10GB").describe("bytes of disk that one task may ask for; empty means all of the capacity"),
  gpu: amount(parseGpu, "1").describe("GPUs that one task may ask for; empty means all of the capacity"),
});

const minutesMs = 60_000;
const Output = z.object({
  // Four times the stored size of one stream: far above what a person reads, and written within a minute by a task that
  // never ends.
  limitBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(4 * 1024 ** 3)
    .describe("bytes that one execution may write to stdout and stderr together; it is ended when it writes more"),
});

const Nats = z.object(natsSettings).superRefine(checkNatsSettings);

const Docker = z.object({
  socket: z.string().default("/var/run/docker.sock").describe("socket of the Docker engine"),
  capabilities: listOf(
    z.preprocess((name) => (typeof name === "string" ? name.toUpperCase().replace(/^CAP_/, "") : name), Capability),
  )
    .default([])
    .describe("capabilities that containers keep, such as CHOWN,SETUID,SETGID; all others are dropped"),
  // A day exceeds any pull that is worth waiting for.
  pullMs: whole(1_000, 24 * 60 * minutesMs)
    .default(pullDefaults.pullMs)
    .describe("milliseconds within which the engine must pull an image"),
  imageBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(pullDefaults.imageBytes)
    .describe("bytes of an image's layers as the registry sends them; a larger image fails the task"),
  user: z
    .string()
    .regex(userPattern, "expected user or user:group, by name or number")
    .default("")
    .describe("user[:group] of containers, instead of their image's; empty keeps the image's, usually root"),
  readOnlyRoot: yesOrNo()
    .default(false)
    .describe("whether containers may write only to their outputs, and to 64 MiB of memory at /tmp"),
  credentialsFile: z
    .string()
    .default("")
    .describe(
      "file with logins for registries, in the form of Docker's config.json; for Docker Hub DOCKER_USERNAME and DOCKER_PASSWORD in the node's environment suffice",
    ),
  diskLimit: z
    .enum(diskLimits)
    .default("watch")
    .describe(
      "what limits the disk of a task where the engine's storage driver cannot: watch measures every two seconds what the task has written and ends it beyond its limit, ignore runs it without the limit, refuse does not run it",
    ),
});

const Native = z.object({
  enabled: yesOrNo()
    .default(false)
    .describe(
      "whether tasks may run programs of this machine (engine native); unsafe for untrusted jobs: they share the machine's kernel and read its programs and /etc; needs root and bubblewrap",
    ),
  user: z
    .string()
    .default("")
    .describe(
      "user of native tasks, by name or as uid:gid; never root, and best one that runs nothing else; required when enabled",
    ),
  paths: listOf(z.string().startsWith("/", "expected an absolute path"))
    .default([...nativeDefaults.paths])
    .describe("files and folders of this machine that native tasks may read, as far as their user may"),
  processes: whole(1, 1_000_000)
    .default(nativeDefaults.processesMax)
    .describe("processes and threads of all native tasks together"),
  descriptors: whole(8, 1_000_000)
    .default(nativeDefaults.descriptorsMax)
    .describe("open files of one process of a native task"),
  fileBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(nativeDefaults.fileBytesMax)
    .describe("bytes of one file that a native task writes, its stdout and stderr included"),
});

const Selection = z.object({
  locality: z
    .enum(["anywhere", "local"])
    .default("anywhere")
    .describe("local: run only tasks with an input that is on this node"),
  rejectStateless: yesOrNo().default(false).describe("refuse tasks without inputs"),
  probeExec: z
    .string()
    .default("")
    .describe(
      "command that decides about each job: it reads the ask as JSON on stdin and in BACALHAU_JOB_SELECTION_PROBE_DATA, and accepts by exit code 0; empty accepts every job",
    ),
  probeHttp: z
    .union([z.literal(""), z.url({ protocol: /^https?$/ })])
    .default("")
    .describe(
      'URL to which each ask is posted as JSON; a status of 400 or more refuses, as does the answer {"shouldBid": false, "reason": "…"}; empty accepts every job',
    ),
  // A verdict that comes after the requester stopped waiting answers its next ask.
  probeMs: whole(10, 60_000).default(5_000).describe("milliseconds within which a probe must answer"),
});

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/**
 * All settings of a compute node. The environment variable of `publishers.local.port` is SHOAL_PUBLISHERS_LOCAL_PORT.
 */
export const ComputeConfig = z
  .object({
    nodeId: token("a node's id")
      .default("")
      .describe("name of this node, unique in its cluster; empty generates one and stores it in dataDir"),
    dataDir: z
      .string()
      .min(1)
      .default(".shoal/compute")
      .describe("folder for the journal, inputs and results; used by one process only"),
    labels: listOf(pair)
      .default([])
      .describe("labels of this node, in addition to those of its machine: key=value, separated by commas"),
    address: z.string().default("").describe("address of this machine in lists of nodes; empty means its host name"),
    capacity: Capacity.prefault({}),
    perTask: PerTask.prefault({}),
    // A tenth of the requesters' timeout, so that one lost heartbeat has no effect.
    heartbeatMs: whole(50, 60_000).default(1_000).describe("milliseconds between two heartbeats"),
    nats: Nats.prefault({}),
    health: z
      .object({
        listen: z
          .union([z.literal(""), z.string().regex(/^.+:\d{1,5}$/, "expected host:port, such as 127.0.0.1:1235")])
          .default("")
          .describe("host:port on which /healthz and /readyz are served, such as 127.0.0.1:1235; empty serves none"),
      })
      .prefault({}),
    env: z
      .object({
        allow: listOf(z.string().min(1))
          .default([])
          .describe(
            "names of host variables that tasks may read as env:NAME; * matches any characters, but never SHOAL_, NATS_ or NKEY names",
          ),
      })
      .prefault({}),
    network: z
      .object({
        reject: yesOrNo()
          .default(false)
          .describe("refuse tasks that request a network, and run the others without one"),
        host: yesOrNo()
          .default(false)
          .describe(
            "let tasks request network host or full: the machine's network, with NATS, this API and everything else that listens on loopback",
          ),
        // Bacalhau's range: below the ports from which Linux picks those of outgoing connections (32768).
        ports: z
          .string()
          .refine((text) => readPortRange(text) !== undefined, "expected first-last of 1024 to 65535, or nothing")
          .default("20000-32000")
          .describe("ports of this machine for tasks that request ports, first-last; empty gives tasks no ports"),
      })
      .prefault({}),
    selection: Selection.prefault({}),
    engines: z
      .object({
        disabled: listOf(z.string()).default([]).describe("engines that are not offered"),
        native: Native.prefault({}),
      })
      .prefault({}),
    docker: Docker.prefault({}),
    wasm: z
      .object({
        poolSize: whole(0, 64)
          .default(2)
          .describe(
            "idle processes for Wasm tasks; each takes about 50 MB of memory, and ends after 30 s without a task",
          ),
        isolation: z
          .enum(guestIsolations)
          .default("task")
          .describe(
            "task: a process for each Wasm task; namespace: the tasks of a namespace share processes, which is faster, but a task that breaks out of the engine reaches the others of its namespace, and one that ends its process fails them (they are retried)",
          ),
        sandbox: z
          .enum(isolationOptions)
          .default("auto")
          .describe(
            "isolation of Wasm processes by the system: bubblewrap (network, processes, files), namespaces (network, processes), none, or auto for the strongest that works; a named one is required, and the node does not offer the engine without it",
          ),
        cgroups: z
          .enum(["auto", "off"])
          .default("auto")
          .describe(
            "cgroups (version 2) that limit memory, processors and processes of each Wasm guest: auto uses the node's cgroup when it is delegated and contains only the node (systemd: Delegate=yes); without cgroups memory is monitored and processors are shared fairly, not limited",
          ),
      })
      .prefault({}),
    allowListedLocalPaths: listOf(
      z.string().superRefine((line, issues) => {
        const why = unreadable(line);
        if (why !== undefined) issues.addIssue({ code: "custom", message: why });
      }),
    )
      .default([])
      .describe(
        "paths of this machine that tasks may use as inputs, such as /data/**:ro; :rw lets tasks write, which with docker equals root on this machine",
      ),
    ...transferSettings,
    output: Output.prefault({}),
    log: z
      .object({ level: z.enum(levels).default("info").describe("minimum level of log lines on stderr") })
      .prefault({}),
  })
  .readonly();
export type ComputeConfig = z.infer<typeof ComputeConfig>;
