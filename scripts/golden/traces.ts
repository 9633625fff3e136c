import { sampleInfo } from "@shoal/core/testing";
import { JobSpec } from "@shoal/proto";
import type { SoFar, Trace, TraceStep } from "./trace.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const gibibyte = 2 ** 30;

const small = { cpuCores: 0.5, memoryBytes: gibibyte / 2, diskBytes: 0, gpus: 0 };
const capacity = { cpuCores: 4, memoryBytes: 8 * gibibyte, diskBytes: 32 * gibibyte, gpus: 0 };
const output = {
  stdout: "grüezi\n",
  stdoutTruncated: false,
  stderr: "\u001b[1mwarning\u001b[0m",
  stderrTruncated: true,
  exitCode: 0,
  errorMsg: "",
};
const answers = [
  { nodeId: "n-one", accepted: true, score: 80 },
  { nodeId: "n-two", accepted: false, why: "its memory is held by others" },
];

const client = { type: "client", id: "alice", address: "192.0.2.7", requestId: "req-1" } as const;
const requester = { type: "requester", id: "r-golden" } as const;
const node = (id: string) => ({ type: "node", id }) as const;

const spec = (preferences: Readonly<Record<string, unknown>> = {}, task: Readonly<Record<string, unknown>> = {}) =>
  JobSpec.parse({
    name: "golden",
    type: "batch",
    labels: { team: "red" },
    ...preferences,
    tasks: [{ name: "main", engine: { type: "noop", params: { text: "ö", nested: [1, null] } }, ...task }],
  });

const jobId = "j-00000000-0000-8000-8000-000000000001";

/** The history of a job from its submission. */
function job(submitted: JobSpec, ...steps: readonly TraceStep[]): Trace {
  const aggregate = { kind: "job", namespace: submitted.namespace, id: jobId };
  const submit: TraceStep = {
    actor: client,
    command: () => ({ name: "Submit", jobId: aggregate.id, spec: submitted }),
  };
  return { aggregate, steps: [submit, ...steps.map((step) => namespaced(step, aggregate.namespace))] };
}

/** A report names the namespace of its job. */
function namespaced(step: TraceStep, namespace: string): TraceStep {
  return {
    ...step,
    command(soFar) {
      const command = step.command(soFar);
      const { report } = command;
      return typeof report === "object" ? { ...command, report: { ...report, namespace } } : command;
    },
  };
}

/** Assigns up to `most` of the slots that need a node. */
const place = (most: number, ...nodes: readonly string[]): TraceStep => ({
  afterMs: hour,
  actor: requester,
  command: ({ slots }) => ({
    name: "Place",
    places: slots.slice(0, most).map((slot, index) => ({
      slot,
      nodeId: nodes[index % nodes.length] ?? "n-one",
      askId: `a-${slot}`,
      resources: small,
    })),
    answers,
  }),
});

const wait = (never: boolean): TraceStep => ({
  afterMs: second,
  actor: requester,
  command: ({ slots }) => ({
    name: "Wait",
    slots,
    why: "needs 64 CPU cores; nodes run tasks of at most 4",
    answers,
    never,
  }),
});

/** The node reports on one of the executions, counted from 0. */
function report(nodeId: string, which: number, saw: (soFar: SoFar) => Readonly<Record<string, unknown>>): TraceStep {
  return {
    afterMs: second,
    actor: node(nodeId),
    command: (soFar) => ({
      name: "Report",
      nodeId,
      executionId: soFar.executions[which] ?? "",
      report: { at: soFar.now, namespace: "", number: soFar.number, saw: saw(soFar) },
    }),
  };
}

const preparation = {
  stage: "inputs",
  inputs: [{ target: "/in", source: "s3", state: "fetching", sizeBytes: 0, isCached: false, tries: 2, why: "reset" }],
};

/** The node reports what it prepares, before the task runs. */
const preparing = (nodeId: string, which: number): TraceStep => ({
  afterMs: second,
  actor: node(nodeId),
  command: (soFar) => ({
    name: "Report",
    nodeId,
    executionId: soFar.executions[which] ?? "",
    report: { at: soFar.now, namespace: "", number: soFar.number, saw: { kind: "preparing" }, preparation },
  }),
});

const running = ({ now }: SoFar) => ({ kind: "running", startedAt: now });
const publishing = ({ now }: SoFar) => ({ kind: "publishing", startedAt: now - second });
const completed = ({ now }: SoFar) => ({ kind: "completed", startedAt: now - second, output });
const published = (soFar: SoFar) => ({
  ...completed(soFar),
  result: { type: "s3", params: { bucket: "results", key: "a/b" } },
});
const failed = (final: boolean) => () => ({
  kind: "failed",
  code: final ? "TASK_INVALID" : "ENGINE_FAILED",
  why: "no such image",
  final,
  output,
});
const stopped = () => ({ kind: "stopped" });

const ofNode = (name: "LoseNode" | "ResumeNode", nodeId: string): TraceStep => ({
  afterMs: second,
  actor: requester,
  command: () => ({ name, nodeId, why: "node has disappeared" }),
});
const loseNode = (nodeId: string): TraceStep => ofNode("LoseNode", nodeId);
const tick = (afterMs: number): TraceStep => ({ afterMs, actor: requester, command: () => ({ name: "Tick" }) });
const target = (...nodes: readonly string[]): TraceStep => ({
  afterMs: second,
  actor: requester,
  command: () => ({ name: "Target", nodes, seen: nodes.length }),
});
const rerun = (version: number): TraceStep => ({
  afterMs: hour,
  actor: client,
  command: () => ({ name: "Rerun", version, why: "Job rerun requested by user" }),
});
const update = (to: JobSpec): TraceStep => ({
  afterMs: hour,
  actor: client,
  command: () => ({ name: "Update", spec: to, force: false }),
});
const service = (priority: number, over: Readonly<Record<string, unknown>> = {}): JobSpec =>
  spec(
    { type: "service", priority, update: { minHealthyTime: 5 }, ...over },
    { retryPolicy: { maxAttempts: 9, retryOn: ["ENGINE_FAILED"] }, failOnNonZeroExit: true },
  );
const stop: TraceStep = { afterMs: second, actor: client, command: () => ({ name: "Stop", why: "enough" }) };

const info = (nodeId: string, engines: readonly string[]) => ({
  ...sampleInfo(nodeId),
  ...{ engines, capacity, available: capacity, perTask: capacity },
});

const receive = (nodeId: string, ...engines: readonly string[]): TraceStep => ({
  afterMs: minute,
  actor: node(nodeId),
  command: ({ now }) => ({
    name: "RecordHeartbeat",
    heartbeat: { info: info(nodeId, engines), startedAt: now, at: now, protocol: 1 },
  }),
});
const miss = (why: string): TraceStep => ({
  afterMs: minute,
  actor: requester,
  command: ({ now }) => ({ name: "Miss", why, lastSeenAt: now - minute }),
});
const forget: TraceStep = { afterMs: 30 * day, actor: requester, command: () => ({ name: "Forget" }) };
const order = (name: string, more: Readonly<Record<string, unknown>> = {}): TraceStep => ({
  afterMs: minute,
  actor: client,
  command: () => ({ name, why: "maintenance", ...more }),
});
const nodeOf = (id: string) => ({ kind: "node", namespace: "", id });

const putSecret = (version: number): TraceStep => ({
  afterMs: hour,
  actor: client,
  command: () => ({
    ...{ name: "Put", namespace: "blue", secret: "token", version },
    ...{ keyId: "0123456789abcdef", sealed: `c2VhbGVk${version}==` },
  }),
});
const deleteSecret: TraceStep = { afterMs: day, actor: client, command: () => ({ name: "Delete" }) };

/** Every scenario of the corpus, by name. Together they contain every event of the log: the test names events that are missing. */
export const traces: Readonly<Record<string, Trace>> = {
  "node-changes-and-reconnects": {
    aggregate: nodeOf("n-one"),
    steps: [receive("n-one", "noop"), receive("n-one", "noop", "wasm"), miss("no heartbeat"), receive("n-one", "noop")],
  },
  "node-is-forgotten": {
    aggregate: nodeOf("n-two"),
    steps: [receive("n-two", "noop"), miss("it announced that it leaves"), forget],
  },
  "node-is-drained-and-deleted": {
    aggregate: nodeOf("n-three"),
    steps: [
      receive("n-three", "noop"),
      order("Reject"),
      order("Approve"),
      order("Drain", { mode: "finish", withinMs: hour }),
      order("Undrain"),
      order("Delete"),
    ],
  },
  "job-waits-for-its-node": job(
    spec({}, { disconnect: { lostAfter: 60, stopAfter: 30 } }),
    place(1, "n-one"),
    report("n-one", 0, running),
    loseNode("n-one"),
    ofNode("ResumeNode", "n-one"),
    report("n-one", 0, completed),
  ),
  "secret-is-put-deleted-and-put-again": {
    aggregate: { kind: "secret", namespace: "blue", id: "token" },
    steps: [putSecret(1), putSecret(2), deleteSecret, putSecret(3)],
  },
  "job-completes-after-a-loss": job(
    spec({ count: 2 }),
    wait(false),
    place(2, "n-one", "n-two"),
    report("n-one", 0, running),
    report("n-two", 1, running),
    loseNode("n-two"),
    report("n-one", 0, publishing),
    report("n-one", 0, published),
    place(1, "n-one"),
    report("n-one", 1, completed),
  ),
  // Fails at once where another attempt would not help, and stops its other executions.
  "job-fails-for-good": job(
    spec({ namespace: "blue", count: 2 }),
    place(2, "n-one"),
    report("n-one", 0, failed(false)),
    report("n-one", 1, failed(true)),
  ),
  "job-is-stopped": job(
    spec({ count: 2 }),
    place(2, "n-one"),
    preparing("n-one", 0),
    report("n-one", 0, running),
    stop,
    report("n-one", 0, stopped),
  ),
  "job-fits-no-node": job(spec({ namespace: "blue" }), wait(true)),
  "execution-exceeds-its-timeout": job(
    spec({}, { timeouts: { executionTimeout: 60 } }),
    place(1, "n-one"),
    report("n-one", 0, running),
    tick(hour),
  ),
  "job-exceeds-its-queue-timeout": job(
    spec({ namespace: "blue" }, { timeouts: { queueTimeout: 60, totalTimeout: 7_200 } }),
    tick(2 * minute),
  ),
  "ops-job-runs-on-its-nodes": job(
    spec({ type: "ops" }),
    target("n-one"),
    place(1, "n-one"),
    report("n-one", 0, completed),
    rerun(1),
    target("n-one"),
  ),
  "service-rollout-halts": job(
    service(1, { count: 2, update: { autoRevert: false } }),
    place(2, "n-one", "n-two"),
    report("n-one", 0, running),
    report("n-two", 1, running),
    update(service(2, { count: 2, update: { autoRevert: false } })),
    tick(second),
    report("n-one", 0, stopped),
    place(1, "n-one"),
    report("n-one", 0, failed(false)),
  ),
  // The second version is rolled out; the third one fails.
  "service-rolls-out": job(
    service(1),
    place(1, "n-one"),
    report("n-one", 0, running),
    update(service(2)),
    tick(second),
    report("n-one", 0, stopped),
    place(1, "n-one"),
    report("n-one", 0, running),
    tick(minute),
    update(service(3)),
    tick(second),
    report("n-one", 0, stopped),
    place(1, "n-one"),
    report("n-one", 0, failed(false)),
  ),
  // Stays open: one partition runs, the other one waits.
  "job-waits-beside-a-running-slot": job(
    spec({ count: 2, priority: 7 }),
    place(1, "n-one"),
    report("n-one", 0, running),
    wait(false),
  ),
};
