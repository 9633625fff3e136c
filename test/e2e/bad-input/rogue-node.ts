import { connectNode, type NodePorts } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import type { Report } from "@shoal/proto";
import { encodeMessage } from "../../../libs/nats/src/message-codec.ts";
import type { FaultCluster } from "../../int/fault-cluster.ts";
import type { Placed } from "../../int/job-ledger.ts";

/** A program that has stolen a node's password and says what it likes. */
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

// Not what any task here ends with.
export const forgedExitCode = 66;

/** That it was done, with an exit code that no task here has. */
export const forgery = (stdout = ""): Report => ({
  at: Date.now(),
  namespace: "default",
  // Above what the node itself has said.
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

/** A job that runs for a moment, and where: something to lie about. */
export async function runningJob({
  client,
  observer,
}: FaultCluster): Promise<{ readonly jobId: string; readonly placed: Placed }> {
  const engine = { Type: "noop", Params: { RunSeconds: 0.5 } };
  const { jobId } = await client.submit({ Type: "batch", Tasks: [{ Name: "main", Engine: engine }] });
  const first = () => [...(observer.trace.jobs.get(jobId)?.placed.values() ?? [])][0];
  await observer.until("its start", () => first()?.state === "running");
  const placed = first();
  if (placed === undefined) throw new Error("what runs has a place");
  return { jobId, placed };
}

const nested = (levels: number): Uint8Array => {
  // MessagePack: a list of one, in a list of one.
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

/** What is no report, by name; each of these must be put aside. */
export const garbage: readonly (readonly [name: string, bytes: () => Uint8Array])[] = [
  ["a text", () => Buffer.from("it is done, believe me")],
  ["nothing", () => new Uint8Array()],
  ["lists in lists without end", () => nested(60_000)],
  ["a result in a thousand levels", deepResult],
  ["a kind that nobody knows", () => encodeMessage({ ...forgery(), saw: { kind: "dreamt" } })],
  [
    "a reason without an end",
    () => encodeMessage({ ...forgery(), saw: { kind: "failed", code: "X", why: "y".repeat(5000), final: true } }),
  ],
  [
    "an exit code in words",
    () => encodeMessage({ ...forgery(), saw: { kind: "completed", startedAt: 1, output: { exitCode: "0" } } }),
  ],
  ["an output of 900,000 characters", () => encodeMessage(forgery("x".repeat(900_000)))],
];
