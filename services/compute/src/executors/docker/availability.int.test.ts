import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@shoal/core";
import { afterAll, describe, expect, it } from "vitest";
import { docker } from "./docker.ts";
import { engineHarness, enginePath, systemClock } from "./testing/engine-harness.ts";
import { severableSocket } from "./testing/severable-socket.ts";

const harness = await engineHarness("availability");
const { missing } = harness;
afterAll(() => harness.close());

const at = (socketPath: string, clock: Clock = systemClock) =>
  docker({ nodeId: "n", instanceId: "i", socketPath, clock }).unavailable();

describe("the reason why an engine is unavailable", () => {
  it("when the socket does not exist", async () => {
    expect(await at("/there/is/none.sock")).toBe(
      "no Docker engine at /there/is/none.sock: the socket does not exist; install and start Docker, or set the socket of another engine",
    );
  });

  it("when nothing listens", async () => {
    const path = join(await harness.folder("dead"), "s");
    await writeFile(path, "");
    expect(await at(path)).toContain("start the Docker engine");
  });

  it.skipIf(missing !== undefined)(
    `when it is too old${missing === undefined ? "" : ` (skipped: ${missing})`}`,
    async () => {
      const path = join(await harness.folder("old"), "s");
      const answer = (chunk: string) => chunk.replaceAll(/"ApiVersion":"1\.\d\d"/g, '"ApiVersion":"1.24"');
      const socket = await severableSocket(path, enginePath, { answer });
      expect(await at(path)).toContain("has API 1.24; Shoal needs 1.30 or newer");
      await socket.sever();
    },
  );

  it("when it does not answer in time", async () => {
    const path = join(await harness.folder("mute"), "s");
    const socket = await severableSocket(path, enginePath, { ask: () => "" });
    const impatient: Clock = {
      now: () => 0,
      at: (_, callback) => {
        queueMicrotask(callback);
        return () => {};
      },
    };
    expect(await at(path, impatient)).toContain("did not answer within 2000 ms");
    await socket.sever();
  });
});
