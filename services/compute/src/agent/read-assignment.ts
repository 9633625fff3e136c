import type { ViewEntry } from "@shoal/core";
import { Assignment } from "@shoal/proto";
import { z } from "zod";

/** What was read: an assignment; one with a reason to refuse it; or only the reason, when not even an answer can be addressed. */
export type ReadAssignment =
  | { readonly assignment: Assignment; readonly why?: string }
  | { readonly assignment?: never; readonly why: string };

/** The least that a refusal must know: whom to tell, and of what. */
const Address = z.object({ executionId: z.string().min(1), jobId: z.string().min(1), namespace: z.string().min(1) });

const nothing = { cpuCores: 0, memoryBytes: 0, diskBytes: 0, gpus: 0 };

/** Reads what stands in the bucket under this node's and this execution's name. Never throws. */
export function readAssignment(nodeId: string, executionId: string, value: ViewEntry): ReadAssignment {
  const parsed = Assignment.safeParse(value);
  if (parsed.success && parsed.data.nodeId === nodeId && parsed.data.executionId === executionId) {
    return { assignment: parsed.data };
  }
  const why = parsed.success
    ? `it stands under ${nodeId}.${executionId}, and says ${parsed.data.nodeId}.${parsed.data.executionId}`
    : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  const address = Address.safeParse(value);
  if (!address.success || address.data.executionId !== executionId) return { why };
  return { assignment: refusable(nodeId, address.data, value.seq), why: `the assignment cannot be read: ${why}` };
}

/** Enough of an assignment to be refused; nothing of it is ever run. */
function refusable(nodeId: string, address: z.infer<typeof Address>, seq: number): Assignment {
  const task = { engine: { type: "none" } };
  return Assignment.parse({
    ...address,
    nodeId,
    seq,
    task,
    jobType: "batch",
    version: 0,
    askId: "",
    slot: "0",
    desired: "run",
    prepareTimeoutMs: 0,
    publishTimeoutMs: 0,
    partition: { index: 0, count: 1 },
    attempt: 1,
    resources: nothing,
    timeoutMs: 0,
    assignedAt: 0,
  });
}
