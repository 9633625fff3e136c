import { spawnSync } from "node:child_process";
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noStreamPosition } from "@shoal/core";
import { someCommit, someJob } from "@shoal/core/testing/contracts";
import { systemClock, systemRandom } from "@shoal/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogHealthWatch } from "./health/log-health.ts";
import { connectRequester } from "./requester-ports.ts";
import { findServer } from "./server/find-server.ts";
import { type RunningServer, startServer } from "./server/start-server.ts";
import { onServer } from "./testing/on-server.ts";

// Room for all streams and some commits; it is real memory, so it is small.
const smallMiB = 24;
const largeMiB = 64;

const mount = (args: readonly string[]) => spawnSync("mount", args, { encoding: "utf8" });
const mounted = (folder: string) => mount(["-t", "tmpfs", "-o", `size=${smallMiB}m`, "tmpfs", folder]).status === 0;

onServer(() => {
  let root = "";
  let server: RunningServer;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-full-"));
  });
  afterEach(async () => {
    await server?.kill();
    spawnSync("umount", ["-l", root]);
    await rm(root, { recursive: true, force: true });
  });

  describe("a full disk under the NATS server", () => {
    it("is reported, and the cluster continues without a restart once there is space (needs the right to mount a tmpfs)", {
      timeout: 60_000,
    }, async (context) => {
      if (!mounted(root)) return context.skip();
      const program = await findServer();
      // Without an explicit limit the server would reserve less than the streams need on such a small disk.
      const settings = { dataDir: root, port: -1, maxFileStore: "4GB" };
      server = await startServer(program, settings);
      const ports = await connectRequester({
        clock: systemClock(),
        random: systemRandom,
        requesterId: "r-1",
        replicas: 1,
        servers: [server.url],
        onParked: () => {},
      });
      const health = createLogHealthWatch(ports.session, "EVENTS");
      const append = (name: string) =>
        ports.log.append(someJob(), noStreamPosition, someCommit(noStreamPosition, name));
      await append("before");
      const { bavail, bsize } = await statfs(root);
      await writeFile(join(root, "filler"), new Uint8Array(bavail * bsize)).catch(() => undefined);

      await expect(fill(append)).rejects.toMatchObject({ code: "LOG_FULL" });
      expect(health.now().writes.filter(({ failingSince }) => failingSince !== undefined)).toMatchObject([
        { place: "shoal.evt", why: expect.any(String) },
      ]);

      mount(["-o", `remount,size=${largeMiB}m`, root]);
      const { port } = server;
      await server.stop();
      server = await startServer(program, { ...settings, port });
      await append("after");
      expect(health.now().writes.filter(({ failingSince }) => failingSince !== undefined)).toEqual([]);
      await ports.close();
    });
  });
});

// Partly filled blocks of the file system still take some commits.
const commitsMax = 2_000;

async function fill(append: (name: string) => Promise<unknown>): Promise<void> {
  for (let count = 0; count < commitsMax; count++) await append("x".repeat(10_000));
}
