import type { Process } from "@shoal/core";
import type { ConfirmAnswer, ConfirmRequest } from "@shoal/proto";
import { type CheckPorts, checkAssignments } from "../owner/views/assignment-check.ts";
import type { RequesterPorts } from "../ports.ts";

// Requests that are answered concurrently. Each reads up to 64 jobs; a node that gets no answer retries later.
const answeringMax = 16;

/**
 * Answers nodes that ask whether executions are still theirs. A node has one request in progress; further ones are not
 * answered.
 */
export function createConfirmations(ports: CheckPorts & Pick<RequesterPorts, "bidClient">): Process {
  const answering = new Set<string>();
  let listening: { close(): Promise<void> } | undefined;

  async function answer(nodeId: string, { executions }: ConfirmRequest): Promise<ConfirmAnswer> {
    // A node checks that it is not cut off.
    if (executions.length === 0) return { verdicts: [] };
    if (answering.has(nodeId) || answering.size >= answeringMax)
      throw new Error("too many confirmation requests in progress");
    answering.add(nodeId);
    try {
      const verdicts = await checkAssignments(
        ports,
        executions.map((execution) => ({ ...execution, nodeId })),
      );
      return { verdicts: [...verdicts].map(([executionId, verdict]) => ({ executionId, ...verdict })) };
    } finally {
      answering.delete(nodeId);
    }
  }
  return {
    name: "confirmations",
    async start() {
      listening = await ports.bidClient.onConfirm(answer);
    },
    async stop() {
      await listening?.close();
    },
  };
}
