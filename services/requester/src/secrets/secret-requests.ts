import { Fault, foldJob, isLive, type Process, specOf } from "@shoal/core";
import { sealTo } from "@shoal/node";
import { type SecretAnswer, type SecretRequest, secretAnswerContext, tokenProblem } from "@shoal/proto";
import type { RequesterPorts } from "../ports.ts";
import type { Secrets } from "./secrets.ts";

// Requests that are answered concurrently, each with a few reads of the log. A node that gets no answer asks again.
const answeringMax = 64;

export interface SecretRequestParts {
  readonly ports: Pick<RequesterPorts, "bidClient" | "log" | "logger">;
  readonly secrets: Pick<Secrets, "valuesOf">;
}

/**
 * Answers nodes that ask for the secrets of an execution: only the node on which the log has placed it, only while it is to run, and only
 * the secrets that its version of the spec refers to. The answer is sealed to the key in the request.
 */
export function createSecretRequests({ ports, secrets }: SecretRequestParts): Process {
  let answering = 0;
  let listening: { close(): Promise<void> } | undefined;

  async function answer(nodeId: string, request: SecretRequest): Promise<SecretAnswer> {
    if (answering >= answeringMax) throw new Error("too many requests for secrets in progress");
    answering += 1;
    try {
      return await answerOf(nodeId, request);
    } finally {
      answering -= 1;
    }
  }
  async function answerOf(nodeId: string, request: SecretRequest): Promise<SecretAnswer> {
    const { executionId, jobId, namespace, publicKey } = request;
    const refuse = (why: string): SecretAnswer => {
      ports.logger.warn({ nodeId, executionId, why }, "refused a node's request for secrets");
      return { refused: why };
    };
    if ([namespace, jobId].some((token) => tokenProblem(token) !== undefined)) return refuse("no such job");
    const job = foldJob(await ports.log.load({ kind: "job", namespace, id: jobId }));
    const execution = job?.live.get(executionId);
    if (job === undefined || execution === undefined || !isLive(execution) || execution.state === "stopping")
      return refuse(`the execution ${executionId} is not to run`);
    if (execution.placement.nodeId !== nodeId) return refuse(`the execution ${executionId} is not placed on this node`);
    try {
      const values = Buffer.from(JSON.stringify(await secrets.valuesOf(specOf(job, execution.placement))));
      const context = secretAnswerContext(nodeId, executionId);
      const sealed = sealTo(Buffer.from(publicKey, "base64"), values, context);
      return { sealed: Buffer.from(sealed).toString("base64") };
    } catch (failure) {
      if (failure instanceof Fault && failure.code === "SECRET_MISSING") return refuse(failure.message);
      throw failure;
    }
  }
  return {
    name: "secret requests",
    async start() {
      listening = await ports.bidClient.onSecretRequest(answer);
    },
    async stop() {
      await listening?.close();
    },
  };
}
