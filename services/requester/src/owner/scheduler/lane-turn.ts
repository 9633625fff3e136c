import type { PendingEntry } from "./pending-entry.ts";

/** An entry whose turn it is. */
export interface LaneTurn {
  readonly entry: PendingEntry;
  /** Nodes that show room; undefined when any node of the pool may be asked. */
  readonly nodeIds: readonly string[] | undefined;
  /** The most slots that it may fill; as many as the lane allows when left out. */
  readonly slotsMax?: number;
  /** The node reserves freed room when it has too little. */
  readonly reserves?: boolean;
}

/**
 * Result of a try: every slot has a node; room is missing; or no node is left that would ever run it, since the filters
 * exclude each one of the pool, or it refused for a reason that time does not change.
 */
export type TryResult = "placed" | "room" | "node";
