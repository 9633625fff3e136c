import { kinds } from "@shoal/core";
import { sampleSpec } from "@shoal/core/testing";
import { newBoxKey, newKeyPem, openSealed } from "@shoal/node";
import {
  ExecutionsStopping,
  JobStarted,
  JobSubmitted,
  type SecretAnswer,
  type SecretRequest,
  type StoredEvent,
  secretAnswerContext,
  slotSetOf,
} from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDispatcher } from "../owner/dispatcher.ts";
import { type MemoryPorts, memoryPorts } from "../testing/memory-ports.ts";
import { executionOf, jobIdOf, jobRef, steps } from "../testing/sample-jobs.ts";
import { createVerifyHarness, type VerifyHarness } from "../testing/verify-harness.ts";
import { keyRing } from "./key-ring.ts";
import { createSecretRequests } from "./secret-requests.ts";
import { createSecrets } from "./secrets.ts";

const jobId = jobIdOf(1);
const executionId = executionOf(jobId);
// The node of these steps.
const nodeId = "n-one";
const spec = sampleSpec();
const referring = {
  ...spec,
  tasks: spec.tasks.map((task) => ({ ...task, env: { TOKEN: "secret:token", PLAIN: "p" } })),
};
const actor = { type: "client", id: "c-1" } as const;

/** Histories of the job by the state of its execution. */
const histories = {
  assigned: [steps.assigned(jobId), JobStarted.of({})],
  running: [steps.assigned(jobId), JobStarted.of({}), steps.started(jobId)],
  stopping: [
    steps.assigned(jobId),
    JobStarted.of({}),
    ExecutionsStopping.of({ slots: slotSetOf(["0"]), why: "enough", until: 9 }),
  ],
  ended: [steps.assigned(jobId), JobStarted.of({}), steps.started(jobId), steps.completed(jobId)],
  "not placed": [],
} satisfies Readonly<Record<string, readonly StoredEvent[]>>;

let harness: VerifyHarness;
let ports: MemoryPorts;
let secrets: ReturnType<typeof createSecrets>;
beforeEach(async () => {
  harness = createVerifyHarness();
  ports = memoryPorts(harness.sim, "r-1");
  const none = { local: () => undefined, onAppended: () => undefined };
  secrets = createSecrets({
    dispatcher: createDispatcher({ ports, kinds, by: "r-1", ...none }),
    ports,
    keys: keyRing(newKeyPem()),
  });
  await secrets.put({ namespace: "default", name: "token" }, "hunter2", actor);
  await createSecretRequests({ ports, secrets }).start();
});
afterEach(() => harness.close());

const submit = (state: keyof typeof histories) =>
  harness.append(jobRef(jobId), JobSubmitted.of({ jobId, spec: referring, version: 1 }), ...histories[state]);

const key = newBoxKey();

function ask(node: string, changes: Partial<SecretRequest> = {}): Promise<SecretAnswer | undefined> {
  const publicKey = Buffer.from(key.publicKey).toString("base64");
  const request = { executionId, jobId, namespace: "default", publicKey, ...changes };
  return harness.sim.node(node).bidServer.requestSecrets(request, 5_000);
}

describe("a node's request for the secrets of an execution", () => {
  it.each(["assigned", "running"] as const)(
    "is answered while it is %s, sealed to the key of the request",
    async (state) => {
      await submit(state);
      const answer = await ask(nodeId);
      if (answer === undefined || !("sealed" in answer)) return expect.unreachable(JSON.stringify(answer));
      const context = secretAnswerContext(nodeId, executionId);
      const opened = openSealed(key, Buffer.from(answer.sealed, "base64"), context);
      // Nothing but the variables that refer to secrets.
      expect(JSON.parse(Buffer.from(opened).toString())).toEqual({ TOKEN: "hunter2" });
    },
  );

  it.each(["stopping", "ended", "not placed"] as const)("is refused for one that is %s", async (state) => {
    await submit(state);
    expect(await ask(nodeId)).toEqual({ refused: `the execution ${executionId} is not to run` });
  });

  it("is refused to another node, for another execution, and for a job that the log does not have", async () => {
    await submit("running");
    expect(await ask("n-two")).toEqual({ refused: `the execution ${executionId} is not placed on this node` });
    expect(await ask(nodeId, { executionId: "e-2" })).toEqual({ refused: "the execution e-2 is not to run" });
    expect(await ask(nodeId, { jobId: jobIdOf(2) })).toEqual({ refused: `the execution ${executionId} is not to run` });
    for (const wildcard of [{ jobId: "*" }, { namespace: ">" }, { namespace: "a.b" }])
      expect(await ask(nodeId, wildcard)).toEqual({ refused: "no such job" });
  });

  it("is refused with the name of a secret that was deleted", async () => {
    await submit("running");
    await secrets.delete({ namespace: "default", name: "token" }, actor);
    expect(await ask(nodeId)).toEqual({ refused: expect.stringContaining("secret token does not exist") });
  });

  it("has no answer while the log does not answer, so that the node asks again", async () => {
    await submit("running");
    ports.proc.cutUntil(harness.sim.clock.now() + 60_000);
    expect(await ask(nodeId)).toBeUndefined();
  });
});
