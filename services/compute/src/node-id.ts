import { join } from "node:path";
import { Fault, type Random } from "@shoal/core";
import { persistedValue } from "@shoal/node";
import { tokenProblem } from "@shoal/proto";

/** The node's id in this folder, made at the first start: a node keeps its name over restarts. Throws Fault CONFIG_INVALID. */
export const nodeIdIn = (folder: string, random: Random): string => idIn(folder, "node-id", () => `n-${random.uuid()}`);

/**
 * Tells apart all nodes of one name: nodes of several clusters may share a machine and a name, and never a folder. Made and stored like the
 * node's id.
 */
export const instanceIdIn = (folder: string, random: Random): string => idIn(folder, "instance-id", random.uuid);

function idIn(folder: string, name: string, make: () => string): string {
  const id = persistedValue({ folder, name, make });
  const problem = tokenProblem(id);
  if (problem === undefined) return id;
  throw new Fault(
    "CONFIG_INVALID",
    `${join(folder, name)} holds "${id}", which cannot be an id: ${problem}; remove it`,
  );
}
