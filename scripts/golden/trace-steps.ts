import { sampleInfo } from "@shoal/core/testing";
import { JobSpec } from "@shoal/proto";
import type { SoFar, Trace, TraceStep } from "./trace.ts";

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
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
export const node = (id: string) => ({ type: "node", id }) as const;

export const spec = (
  preferences: Readonly<Record<string, unknown>> = {},
  task: Readonly<Record<string, unknown>> = {},
) =>
  JobSpec.parse({
    name: "golden",
    type: "batch",
    labels: { team: "red" },
    ...preferences,
    tasks: [{ name: "main", engine: { type: "noop", params: { text: "ö", nested: [1, null] } }, ...task }],
  });

const jobId = "j-00000000-0000-8000-8000-000000000001";

/** The history of a job from its submission. */
export function job(submitted: JobSpec, ...steps: readonly TraceStep[]): Trace {
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
export const place = (most: number, ...nodes: readonly string[]): TraceStep => ({
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

export const wait = (never: boolean): TraceStep => ({
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
export function report(
  nodeId: string,
  which: number,
  saw: (soFar: SoFar) => Readonly<Record<string, unknown>>,
): TraceStep {
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
export const preparing = (nodeId: string, which: number): TraceStep => ({
  afterMs: second,
  actor: node(nodeId),
  command: (soFar) => ({
    name: "Report",
    nodeId,
    executionId: soFar.executions[which] ?? "",
    report: { at: soFar.now, namespace: "", number: soFar.number, saw: { kind: "preparing" }, preparation },
  }),
});

export const running = ({ now }: SoFar) => ({ kind: "running", startedAt: now });
export const publishing = ({ now }: SoFar) => ({ kind: "publishing", startedAt: now - second });
export const completed = ({ now }: SoFar) => ({ kind: "completed", startedAt: now - second, output });
export const published = (soFar: SoFar) => ({
  ...completed(soFar),
  result: { type: "s3", params: { bucket: "results", key: "a/b" } },
});
export const failed = (final: boolean) => () => ({
  kind: "failed",
  code: final ? "TASK_INVALID" : "ENGINE_FAILED",
  why: "no such image",
  final,
  output,
});
export const stopped = () => ({ kind: "stopped" });

export const ofNode = (name: "LoseNode" | "ResumeNode", nodeId: string): TraceStep => ({
  afterMs: second,
  actor: requester,
  command: () => ({ name, nodeId, why: "node has disappeared" }),
});
export const loseNode = (nodeId: string): TraceStep => ofNode("LoseNode", nodeId);
export const tick = (afterMs: number): TraceStep => ({ afterMs, actor: requester, command: () => ({ name: "Tick" }) });
export const target = (...nodes: readonly string[]): TraceStep => ({
  afterMs: second,
  actor: requester,
  command: () => ({ name: "Target", nodes, seen: nodes.length }),
});
export const rerun = (version: number): TraceStep => ({
  afterMs: hour,
  actor: client,
  command: () => ({ name: "Rerun", version, why: "Job rerun requested by user" }),
});
export const update = (to: JobSpec): TraceStep => ({
  afterMs: hour,
  actor: client,
  command: () => ({ name: "Update", spec: to, force: false }),
});
export const service = (priority: number, over: Readonly<Record<string, unknown>> = {}): JobSpec =>
  spec(
    { type: "service", priority, update: { minHealthyTime: 5 }, ...over },
    { retryPolicy: { maxAttempts: 9, retryOn: ["ENGINE_FAILED"] }, failOnNonZeroExit: true },
  );
export const ask = (name: string, facts: Readonly<Record<string, unknown>> = {}): TraceStep => ({
  afterMs: second,
  actor: client,
  command: () => ({ name, ...facts }),
});
export const stop = ask("Stop", { why: "enough" });

const info = (nodeId: string, engines: readonly string[]) => ({
  ...sampleInfo(nodeId),
  ...{ engines, capacity, available: capacity, perTask: capacity },
});

export const receive = (nodeId: string, ...engines: readonly string[]): TraceStep => ({
  afterMs: minute,
  actor: node(nodeId),
  command: ({ now }) => ({
    name: "RecordHeartbeat",
    heartbeat: { info: info(nodeId, engines), startedAt: now, at: now, protocol: 1 },
  }),
});
export const miss = (why: string): TraceStep => ({
  afterMs: minute,
  actor: requester,
  command: ({ now }) => ({ name: "Miss", why, lastSeenAt: now - minute }),
});
export const forget: TraceStep = { afterMs: 30 * day, actor: requester, command: () => ({ name: "Forget" }) };
export const order = (name: string, more: Readonly<Record<string, unknown>> = {}): TraceStep => ({
  afterMs: minute,
  actor: client,
  command: () => ({ name, why: "maintenance", ...more }),
});
export const nodeOf = (id: string) => ({ kind: "node", namespace: "", id });

export const putSecret = (version: number): TraceStep => ({
  afterMs: hour,
  actor: client,
  command: () => ({
    ...{ name: "Put", namespace: "blue", secret: "token", version },
    ...{ keyId: "0123456789abcdef", sealed: `c2VhbGVk${version}==` },
  }),
});

export const resealSecret = (version: number): TraceStep => ({
  afterMs: hour,
  actor: client,
  command: () => ({ name: "Reseal", version, keyId: "fedcba9876543210", sealed: `cmVzZWFsZWQ${version}` }),
});
