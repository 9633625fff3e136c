import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault, type Random } from "@shoal/core";
import { tokenProblem } from "@shoal/proto";

const fileName = "node-id";
const instanceFileName = "instance-id";

/** The id that is kept in this folder, made at the first start: a node keeps its name over restarts. */
export function keptNodeId(folder: string, random: Random): Promise<string> {
  return kept(join(folder, fileName), () => `n-${random.uuid()}`);
}

/**
 * Which of all nodes of one name this is: nodes of several clusters may share a machine and a name, and never a folder. Made at the
 * first start, and kept like the node's id.
 */
export function keptInstanceId(folder: string, random: Random): Promise<string> {
  return kept(join(folder, instanceFileName), () => random.uuid());
}

async function kept(path: string, make: () => string): Promise<string> {
  const kept = (await readFile(path, "utf8").catch(() => "")).trim();
  if (kept === "") {
    const made = make();
    await writeFile(path, made, { mode: 0o600 });
    return made;
  }
  const problem = tokenProblem(kept);
  if (problem === undefined) return kept;
  throw new Fault("CONFIG_INVALID", `${path} holds "${kept}", which cannot be an id: ${problem}; remove it`);
}
