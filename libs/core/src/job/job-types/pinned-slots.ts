import { type NodeInfo, type Requirements, tokenProblem } from "@shoal/proto";
import type { Slot, World } from "../../kind.ts";
import { evaluateAll } from "../../policy.ts";
import { filters } from "../../schedule/filters/index.ts";
import { requirementsOf } from "../../schedule/requirements.ts";
import type { Job } from "../job.ts";

// What a node advertises is a new object in each heartbeat; between two of them a job reacts many times.
const known = new WeakMap<Requirements, WeakMap<NodeInfo, boolean>>();

/** The nodes that fit the job's requirements now, whatever room they have. */
export function fittingNodes({ header }: Job, world: World): readonly string[] {
  const requirements = requirementsOf(header.spec);
  if (requirements === undefined) return [];
  const fits = known.get(requirements) ?? new WeakMap<NodeInfo, boolean>();
  known.set(requirements, fits);
  return world.nodes().flatMap((info) => {
    const isFit = fits.get(info) ?? evaluateAll(filters, { requirements, info }).fit;
    fits.set(info, isFit);
    return isFit ? [info.nodeId] : [];
  });
}

/** The slot that only this node may fill. */
export const pinnedSlot = (nodeId: string): Slot => ({ slot: nodeId, pinnedTo: nodeId });

/** The slot of a node, by its id; undefined for a text that is not one. */
export const pinnedSlotOf = (_: Job, slot: string): Slot | undefined =>
  tokenProblem(slot) === undefined ? pinnedSlot(slot) : undefined;
