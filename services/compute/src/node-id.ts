import { join } from "node:path";
import { Fault, type Random } from "@shoal/core";
import { persistedValue } from "@shoal/node";
import { tokenProblem } from "@shoal/proto";

/**
 * The node's id in this folder, created at the first start, so that a node keeps its id across restarts. Throws Fault
 * CONFIG_INVALID.
 */
export const nodeIdIn = (folder: string, random: Random): string => idIn(folder, "node-id", () => `n-${random.uuid()}`);

/**
 * An instance id that distinguishes all nodes of one name: nodes of several clusters may share a machine and a name,
 * but never a folder. Created and stored like the node's id.
 */
export const instanceIdIn = (folder: string, random: Random): string => idIn(folder, "instance-id", random.uuid);

function idIn(folder: string, name: string, make: () => string): string {
  const id = persistedValue({ folder, name, make });
  const problem = tokenProblem(id);
  if (problem === undefined) return id;
  throw new Fault(
    "CONFIG_INVALID",
    `${join(folder, name)} contains "${id}", which is not a valid id: ${problem}; remove the file`,
  );
}
