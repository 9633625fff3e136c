import type { Resources } from "@shoal/proto";

/** The room that a node had when it refused: it is asked again when it shows more. */
export interface RoomAtRefusal {
  readonly available: Resources;
  readonly running: number;
}

const kinds = ["cpuCores", "memoryBytes", "diskBytes", "gpus"] as const;

/** Whether a heartbeat shows more room than the node had before: fewer executions, or more of a resource. */
export function showsMore(now: RoomAtRefusal, before: RoomAtRefusal): boolean {
  return now.running < before.running || kinds.some((kind) => now.available[kind] > before.available[kind]);
}
