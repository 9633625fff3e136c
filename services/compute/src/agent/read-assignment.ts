import type { ViewEntry } from "@shoal/core";
import { Assignment } from "@shoal/proto";
import { z } from "zod";

/**
 * The result of reading an entry: an assignment; an assignment with the reason to refuse it; or only a reason, when a
 * refusal cannot be addressed.
 */
export type ReadAssignment =
  | { readonly assignment: Assignment; readonly why?: string }
  | { readonly assignment?: never; readonly why: string };

/** The minimum that a refusal needs: the addressee and the execution. */
const Address = z.object({ executionId: z.string().min(1), jobId: z.string().min(1), namespace: z.string().min(1) });

const nothing = { cpuCores: 0, memoryBytes: 0, diskBytes: 0, gpus: 0 };

/** Reads the entry of this node and this execution from the bucket. Never throws. */
export function readAssignment(nodeId: string, executionId: string, value: ViewEntry): ReadAssignment {
  const parsed = Assignment.safeParse(value);
  if (parsed.success && parsed.data.nodeId === nodeId && parsed.data.executionId === executionId) {
    return { assignment: parsed.data };
  }
  const why = parsed.success
    ? `expected key ${parsed.data.nodeId}.${parsed.data.executionId}, got ${nodeId}.${executionId}`
    : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  const address = Address.safeParse(value);
  if (!address.success || address.data.executionId !== executionId) return { why };
  return { assignment: refusable(nodeId, address.data, value.seq), why: `the assignment cannot be read: ${why}` };
}

/** An assignment with just enough data to be refused; nothing of it ever runs. */
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
