import { JobTargeted } from "@shoal/proto";
import type { JobCommands } from "./commands.ts";
import { conclude, failJob, type JobDraft, openJob } from "./draft.ts";
import { noteWait } from "./wait-note.ts";

/** Records the nodes on which the current version runs; without any the job waits for one, or fails. */
export function target({ nodes, seen }: JobCommands["Target"], draft: JobDraft): void {
  const job = openJob(draft);
  if (job.targets !== undefined) return;
  if (nodes.length > 0) {
    draft.emit(JobTargeted.of({ nodes: [...nodes] }));
    return;
  }
  const why = `not matching nodes to run job out of ${seen} available nodes`;
  if (job.header.queueUntil === undefined) failJob(draft, { code: "NO_NODE_FITS", why });
  else noteWait(draft, { slots: [], why, answers: [] });
}

/** Nodes that refuse for good are no targets; refuses nothing. Without any other target the job fails. */
export function dropTargets(draft: JobDraft, slots: readonly string[], why: string): void {
  const job = openJob(draft);
  // A new version has chosen no nodes so far: the command is about the version before.
  if (job.targets === undefined) return;
  const dropped = new Set(slots.filter((slot) => job.slots.get(slot)?.isLive !== true));
  const nodes = job.targets.filter((nodeId) => !dropped.has(nodeId));
  if (nodes.length === job.targets.length) return;
  if (nodes.length === 0) failJob(draft, { code: "NO_NODE_FITS", why });
  else {
    draft.emit(JobTargeted.of({ nodes, why }));
    conclude(draft);
  }
}
