import {
  type EventOf,
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionPreparing,
  ExecutionPublishing,
  ExecutionStarted,
  ExecutionStopped,
  ExecutionsDisconnected,
  ExecutionsLost,
  ExecutionsReconnected,
  ExecutionsStopping,
  executionIdOf,
  type Heartbeat,
  JobCompleted,
  JobFailed,
  JobQueued,
  JobRolledOut,
  JobRolloutHalted,
  JobSpec,
  JobStarted,
  JobStopped,
  JobSubmitted,
  JobTargeted,
  JobUpdated,
  NodeApproved,
  NodeChanged,
  NodeDeleted,
  NodeDisconnected,
  NodeDrainEnded,
  NodeDrainStarted,
  NodeForgotten,
  type NodeInfo,
  NodeJoined,
  NodeReconnected,
  NodeRejected,
  protocolLevel,
  type Report,
  type Resources,
  type RunOutput,
  SecretDeleted,
  SecretPut,
  SecretResealed,
  SlotsQueued,
} from "@shoal/proto";

/** 2026-01-01, the time of all samples. */
export const sampleAt = Date.UTC(2026, 0, 1);

export const sampleJobId = "j-5a3b1c9e-0000-8000-8000-000000000001";

/** Half a core and half a gibibyte. */
export const sampleResources: Resources = { cpuCores: 0.5, memoryBytes: 2 ** 29, diskBytes: 0, gpus: 0 };

export const sampleOutput: RunOutput = {
  stdout: "hello\n",
  stdoutTruncated: false,
  stderr: "",
  stderrTruncated: false,
  exitCode: 0,
  errorMsg: "",
};

/** The parameters of sample jobs. */
export interface SpecOverrides {
  readonly count?: number;
  readonly timeouts?: { executionTimeout?: number; queueTimeout?: number; totalTimeout?: number };
  readonly params?: Readonly<Record<string, unknown>>;
  readonly resources?: { cpu?: string; memory?: string };
  readonly priority?: number;
  readonly namespace?: string;
}

/** A no-op batch job. */
export function sampleSpec(preferences: SpecOverrides = {}): JobSpec {
  const { params = {}, timeouts = {}, resources = {}, ...rest } = preferences;
  return JobSpec.parse({ type: "batch", ...rest, tasks: [{ engine: { type: "noop", params }, timeouts, resources }] });
}

/** The id of an attempt at a partition of the sample job. */
export const sampleExecutionId = (partition = 0, attempt = 1): string =>
  executionIdOf({ jobId: sampleJobId, version: 1, slot: `${partition}`, attempt });

type Assigned = EventOf<typeof ExecutionAssigned>;

/** A slot of the sample job is assigned to the sample node, at its first attempt by default. */
export function sampleAssigned({ slot = "0", attempt = 1, ...over }: Partial<Assigned["data"]> = {}): Assigned {
  return ExecutionAssigned.of({
    executionId: sampleExecutionId(Number(slot), attempt),
    ...{ slot, attempt, version: 1, nodeId: "n-one", askId: "a-1", resources: sampleResources },
    ...(attempt === 1 ? {} : { previous: sampleExecutionId(Number(slot), attempt - 1) }),
    ...{ startBy: sampleAt + 60_000, answers: [], ...over },
  });
}

/** A node's report. */
export const sampleReport = (saw: Report["saw"], number = 1): Report => ({
  at: sampleAt,
  namespace: "default",
  number,
  saw,
});

/** What a node of this id advertises. */
export function sampleInfo(nodeId = "n-one"): NodeInfo {
  const capacity: Resources = { cpuCores: 4, memoryBytes: 2 ** 33, diskBytes: 2 ** 35, gpus: 0 };
  return {
    nodeId,
    labels: { os_type: "linux", zone: "a" },
    engines: ["noop"],
    publishers: ["local"],
    sources: ["inline"],
    capacity,
    available: capacity,
    perTask: capacity,
    running: 0,
    version: "v0.1.0",
    address: "",
  };
}

/** A heartbeat of the sample node. */
export const sampleHeartbeat = (nodeId = "n-one", startedAt = sampleAt): Heartbeat => ({
  info: sampleInfo(nodeId),
  startedAt,
  at: startedAt,
  protocol: protocolLevel,
});

const executionId = sampleExecutionId();

/** One event of every kind of a job's log, all of the sample job and its first attempt. */
export const sampleJobEvents = [
  JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec(), version: 1, queueUntil: sampleAt + 60_000 }),
  JobUpdated.of({ spec: sampleSpec({ priority: 1 }), version: 2, why: "update requested by user" }),
  JobTargeted.of({ nodes: ["n-one", "n-two"] }),
  JobRolledOut.of({ version: 2 }),
  JobRolloutHalted.of({ version: 2, code: "ENGINE_FAILED", why: "it broke" }),
  JobQueued.of({ why: "no room", answers: [{ nodeId: "n-one", accepted: false, why: "it is full" }] }),
  SlotsQueued.of({ slots: ["0"], why: "no room", answers: [] }),
  JobStarted.of({}),
  JobCompleted.of({}),
  JobFailed.of({ code: "NO_NODE_FITS", why: "no node has the engine", answers: [] }),
  JobStopped.of({ why: "enough" }),
  sampleAssigned({ answers: [{ nodeId: "n-one", accepted: true, score: 80 }] }),
  ExecutionStarted.of({ executionId, startedAt: sampleAt, timeoutAt: sampleAt + 1_000 }),
  ExecutionPreparing.of({
    executionId,
    stage: "inputs",
    inputs: [{ target: "/in", source: "s3", state: "fetching", sizeBytes: 0, isCached: false, tries: 1 }],
  }),
  ExecutionPublishing.of({ executionId, publishBy: sampleAt + 2_000, report: 2 }),
  ExecutionCompleted.of({ executionId, output: sampleOutput, result: { type: "local", params: { path: "/r" } } }),
  ExecutionFailed.of({ executionId, code: "ENGINE_FAILED", why: "it broke", output: sampleOutput, retryAt: sampleAt }),
  ExecutionsStopping.of({ slots: ["0"], why: "the job was stopped", until: sampleAt + 600_000 }),
  ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "it went away", retryAt: sampleAt }),
  ExecutionStopped.of({ executionId, report: 3 }),
  ExecutionsDisconnected.of({ slots: ["0"], why: "node has disappeared", until: sampleAt + 60_000 }),
  ExecutionsReconnected.of({ slots: ["0"] }),
] as const;

/** One event of every kind of a node's log. */
export const sampleNodeEvents = [
  NodeJoined.of({ info: sampleInfo(), startedAt: sampleAt }),
  NodeChanged.of({ info: { ...sampleInfo(), engines: ["noop", "wasm"] }, startedAt: sampleAt }),
  NodeDisconnected.of({ why: "no heartbeat", lastSeenAt: sampleAt, forgetAt: sampleAt + 60_000 }),
  NodeReconnected.of({ info: sampleInfo(), startedAt: sampleAt + 5 }),
  NodeForgotten.of({}),
  NodeApproved.of({ why: "checked" }),
  NodeRejected.of({ why: "not ours" }),
  NodeDrainStarted.of({ mode: "finish", until: sampleAt + 60_000, why: "new kernel" }),
  NodeDrainEnded.of({ why: "done" }),
  NodeDeleted.of({ why: "replaced" }),
] as const;

/** One event of every kind of a secret's log. */
export const sampleSecretEvents = [
  SecretPut.of({ namespace: "default", name: "token", version: 1, keyId: "0011223344556677", sealed: "c2VhbGVk" }),
  SecretResealed.of({ version: 1, keyId: "7766554433221100", sealed: "b3RoZXI=" }),
  SecretDeleted.of({}),
] as const;
