import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { natsHarness } from "../../libs/nats/src/testing/nats-harness.ts";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { runShoal, spawnShoal } from "./run-shoal.ts";

onServer(() => {
  it("ends the second process of a node id with a message, and leaves the first one running", async () => {
    const folder = await mkdtemp(join(tmpdir(), "shoal-node-id-"));
    const harness = await natsHarness();
    const serve = (name: string) => [
      ...["serve", "--compute", "--nats", harness.server().url, "-c", "nodeId=n-one"],
      ...["-c", `dataDir=${join(folder, name)}`, "-c", "wasm.poolSize=0"],
    ];
    const first = spawnShoal(serve("first"));
    const lines: string[] = [];
    const logged = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<void>();
    if (first.stderr !== null)
      createInterface({ input: first.stderr }).on("line", (line) => {
        lines.push(line);
        if (line.includes('"msg":"ready"')) ready.resolve();
        if (line.includes("another process uses this node id")) logged.resolve();
      });
    try {
      await ready.promise;
      const second = await runShoal(serve("second"));
      expect(second.code).toBe(8);
      expect(second.stderr).toContain("expected no other process under the node id n-one");
      expect(second.stderr).toContain("give each node a separate nodeId and dataDir");
      expect(second.stderr).not.toContain('"msg":"ready"');
      await logged.promise;
      expect(first.exitCode).toBeNull();
      const third = await runShoal(serve("second"));
      expect(third.code).toBe(8);
    } finally {
      const gone = once(first, "exit");
      first.kill("SIGTERM");
      await gone;
      await harness.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
