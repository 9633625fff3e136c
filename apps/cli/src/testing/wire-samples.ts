import { BuildVersion, ExecutionEntity, HistoryEntity, JobEntity, JobSpec, NodeEntity, toWire } from "@shoal/proto";

const at = Date.UTC(2026, 0, 1);

/** A job `j-1` named `hello` as the API sends it. */
export function wireJob(
  stateType: JobEntity["state"]["stateType"],
  details: Record<string, string> = {},
  publisher = "",
): unknown {
  const tasks = [{ engine: { type: "noop" }, publisher: { type: publisher } }];
  const spec = JobSpec.parse({ type: "batch", name: "hello", tasks });
  const state = { stateType, message: "", details };
  return toWire(JobEntity, { id: "j-1", ...spec, state, version: 1, revision: 2, createTime: at, modifyTime: at });
}

/** An execution `e-1` of that job on node `n-one`. */
export function wireExecution(
  stateType: ExecutionEntity["computeState"]["stateType"],
  output: { readonly stdout?: string; readonly stderr?: string } = {},
  partitionIndex = 0,
): unknown {
  const stated = { message: "", details: {} };
  const runOutput = {
    stdout: "",
    stdoutTruncated: false,
    stderr: "",
    stderrTruncated: false,
    exitCode: 0,
    errorMsg: "",
  };
  return toWire(ExecutionEntity, {
    ...{ id: "e-1", namespace: "default", evalId: "", name: "", nodeId: "n-one", jobId: "j-1", jobVersion: 1 },
    allocatedResources: { tasks: {} },
    desiredState: { stateType: "running", ...stated },
    computeState: { stateType, ...stated, message: "as it was seen" },
    publishedResult: { type: "", params: {} },
    runOutput: { ...runOutput, ...output },
    ...{ previousExecution: "", nextExecution: "", followupEvalId: "", partitionIndex, attempt: 1, revision: 3 },
    ...{ createTime: at, modifyTime: at },
  });
}

interface WireHistoryOptions {
  readonly executionId?: string;
  readonly reason?: string;
}

/** One entry of the history of that job; with an id, of that execution. */
export const wireHistory = (
  seqNum: number,
  text: string,
  { executionId = "", reason }: WireHistoryOptions = {},
): unknown =>
  toWire(HistoryEntity, {
    ...{ seqNum, type: executionId === "" ? "job" : "execution", jobId: "j-1", jobVersion: 1, executionId },
    event: {
      ...{ message: text, topic: "State Update", timestamp: at },
      details: reason === undefined ? {} : { Reason: reason },
    },
    time: at,
  });

const version: BuildVersion = {
  ...{ major: "1", minor: "9", gitVersion: "v1.9.0", gitCommit: "shoal-0.1.0", buildDate: "1970-01-01T00:00:00Z" },
  ...{ goos: "linux", goarch: "amd64" },
};

/** The answer of a requester with its version. */
export const wireVersion: unknown = toWire(BuildVersion, version);

/** A compute node `n-one`. */
export function wireNode(status: NodeEntity["connection"]): unknown {
  const room = { cpuCores: 4, memoryBytes: 2 ** 33, diskBytes: 0, gpus: 0 };
  return toWire(NodeEntity, {
    info: {
      ...{ nodeId: "n-one", nodeType: "Compute", labels: { zone: "a" }, supportedProtocols: [] },
      computeNodeInfo: {
        ...{ executionEngines: ["noop", "docker"], publishers: ["local"], storageSources: ["inline"] },
        ...{ maxCapacity: room, queueCapacity: room, availableCapacity: room, maxJobRequirements: room },
        ...{ runningExecutions: 2, enqueuedExecutions: 0, address: "" },
      },
      bacalhauVersion: version,
    },
    membership: "APPROVED",
    connection: status,
    connectionState: { status, lastHeartbeat: at, connectedSince: at, disconnectedSince: undefined, lastError: "" },
  });
}

/** A requester `r-one` whose clock is two hours ahead, with an error. */
export const wireRequester: unknown = toWire(NodeEntity, {
  info: {
    ...{ nodeId: "r-one", nodeType: "Requester", labels: {}, supportedProtocols: [] },
    requesterNodeInfo: { shards: [0, 1, 2, 5] },
    bacalhauVersion: version,
  },
  membership: "APPROVED",
  connection: "connected",
  connectionState: {
    ...{ status: "connected", lastHeartbeat: at, connectedSince: at, disconnectedSince: undefined },
    ...{ lastError: "no disk", clockOffsetMs: 7_200_000 },
  },
});
