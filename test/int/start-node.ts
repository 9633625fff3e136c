import { type Process, registry, silentLogger } from "@shoal/core";
import { connectNode } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { createCompute } from "../../services/compute/src/create-compute.ts";
import type { Executor } from "../../services/compute/src/executors/executor.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import { memoryJournal } from "../../services/compute/src/journal/memory-journal.ts";
import type { NodeSettings } from "../../services/compute/src/ports.ts";
import { testSettings } from "../../services/compute/src/testing/node-harness.ts";
import { memoryWorkspace } from "../../services/compute/src/workspace/memory-workspace.ts";

/** The id of the only node of most of these tests. */
export const nodeId = "n-one";

/** Starts a node in this process, on a connection to a real server; its journal is lost with it. */
export async function startNode(
  url: string,
  executor: Executor = noop({ clock: systemClock() }),
  settings: Partial<NodeSettings> = {},
): Promise<{ close(): Promise<void> }> {
  const all = { ...testSettings, nodeId, ...settings };
  const node = await connectNode({ clock: systemClock(), random: systemRandom, nodeId: all.nodeId, servers: [url] });
  const processes: readonly Process[] = createCompute(all, {
    ...node,
    clock: systemClock(),
    random: systemRandom,
    journal: memoryJournal(new Map(), () => true),
    workspace: memoryWorkspace(new Map()),
    executors: registry("executor", [executor]),
    sources: registry("source", []),
    publishers: registry("publisher", []),
    env: {},
    logger: silentLogger,
  });
  for (const each of processes) await each.start();
  return {
    async close() {
      for (const each of processes.toReversed()) await each.stop();
      await node.close();
    },
  };
}
