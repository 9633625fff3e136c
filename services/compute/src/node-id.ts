import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Chance, Fault } from "@shoal/core";
import { tokenProblem } from "@shoal/proto";

const fileName = "node-id";

/** The id that is kept in this folder, made at the first start: a node keeps its name over restarts. */
export async function keptNodeId(folder: string, chance: Chance): Promise<string> {
  const path = join(folder, fileName);
  const kept = (await readFile(path, "utf8").catch(() => "")).trim();
  if (kept === "") {
    const made = `n-${chance.uuid()}`;
    await writeFile(path, made, { mode: 0o600 });
    return made;
  }
  const problem = tokenProblem(kept);
  if (problem === undefined) return kept;
  throw new Fault(
    "CONFIG_INVALID",
    `${path} holds "${kept}", which is no node's id: ${problem}; remove it or set nodeId`,
  );
}
