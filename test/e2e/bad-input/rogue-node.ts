import { connectNode, type NodePorts } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import type { Report } from "@shoal/proto";
import { encodeMessage } from "../../../libs/nats/src/message-codec.ts";
import type { FaultCluster } from "../../int/fault-cluster.ts";
import type { Placed } from "../../int/job-ledger.ts";

/** A program that has stolen a node's password and publishes forged messages. */
export function connectRogue({ devstack, passwordOf }: FaultCluster, nodeId: string): Promise<NodePorts> {
  return connectNode({
    clock: systemClock(),
    random: systemRandom,
    nodeId,
    servers: [devstack.facts.nats],
    user: nodeId,
    pass: passwordOf(nodeId),
  });
}

// No task of this test exits with it.
const forgedExitCode = 66;

/** A report of completion with an exit code that no task of this test has. */
export const forgery = (stdout = ""): Report => ({
  at: Date.now(),
  namespace: "default",
  // Greater than the numbers of the node's own reports.
  number: 1_000,
  saw: {
    kind: "completed",
    startedAt: 1,
    output: {
      stdout,
      stdoutTruncated: false,
      stderr: "",
      stderrTruncated: false,
      exitCode: forgedExitCode,
      errorMsg: "",
    },
  },
});

/** A job that runs for a moment, and its node: the target of the forged reports. */
export async function runningJob({
  client,
  observer,
}: FaultCluster): Promise<{ readonly jobId: string; readonly placed: Placed }> {
  const engine = { Type: "noop", Params: { RunSeconds: 0.5 } };
  const { jobId } = await client.submit({ Type: "batch", Tasks: [{ Name: "main", Engine: engine }] });
  const first = () => [...(observer.trace.jobs.get(jobId)?.placed.values() ?? [])][0];
  await observer.until("its start", () => first()?.state === "running");
  const placed = first();
  if (placed === undefined) throw new Error("expected a running job to have a node");
  return { jobId, placed };
}

const nested = (levels: number): Uint8Array => {
  // MessagePack: a list with one element, nested.
  const bytes = new Uint8Array(levels + 1).fill(0x91);
  bytes[levels] = 0xc0;
  return bytes;
};
const deepResult = () => {
  let params: unknown = 1;
  for (let level = 0; level < 1000; level++) params = { params };
  const { saw, ...report } = forgery();
  return encodeMessage({ ...report, saw: { ...saw, result: { type: "s3", params } } });
};

/** Invalid reports, by name; each must be parked. */
export const garbage: readonly (readonly [name: string, bytes: () => Uint8Array])[] = [
  ["a text", () => Buffer.from("it is done, believe me")],
  ["nothing", () => new Uint8Array()],
  ["deeply nested lists", () => nested(60_000)],
  ["a result of a thousand levels", deepResult],
  ["an unknown kind", () => encodeMessage({ ...forgery(), saw: { kind: "dreamt" } })],
  [
    "a very long reason",
    () => encodeMessage({ ...forgery(), saw: { kind: "failed", code: "X", why: "y".repeat(5000), final: true } }),
  ],
  [
    "an exit code in words",
    () => encodeMessage({ ...forgery(), saw: { kind: "completed", startedAt: 1, output: { exitCode: "0" } } }),
  ],
  ["an output of 900,000 characters", () => encodeMessage(forgery("x".repeat(900_000)))],
];
