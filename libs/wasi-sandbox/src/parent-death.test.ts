import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { program } from "./testing/program.ts";
import { onStage } from "./testing/stage.ts";

const stage = onStage();

it("leaves no process behind when the node is killed, whatever the guest does", async () => {
  const folder = await stage.folder("orphan");
  const module = join(folder, "main.wasm");
  await writeFile(
    module,
    program((pen) => [pen.print(1, "looping"), "(loop (br 0))"]),
  );
  const node = spawn(process.execPath, [join(import.meta.dirname, "testing", "node-of-one.ts"), module], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(node.stdout, "data");
  const family = descendantsOf(node.pid ?? 0);
  node.kill("SIGKILL");
  // The guest's process, and the isolation or the shell around it.
  expect(family.length).toBeGreaterThanOrEqual(2);
  await once(node, "exit");
  await expect.poll(() => family.filter(isAlive), { timeout: 20_000 }).toEqual([]);
});

function descendantsOf(pid: number): readonly number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const rows = stdout
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number));
  const childrenOf = (parent: number): number[] =>
    rows.flatMap(([child = 0, ppid]) => (ppid === parent ? [child, ...childrenOf(child)] : []));
  return childrenOf(pid);
}

/** A process that has ended but was not waited for yet is no longer alive. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.trim().startsWith("Z");
}
