import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@shoal/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "../connection/connect.ts";
import { onServer } from "../testing/on-server.ts";
import { findServer } from "./find-server.ts";
import { startServer } from "./start-server.ts";

onServer(() => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "shoal-server-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function fakeServer(version: string): Promise<string> {
    const file = join(folder, "nats-server");
    await writeFile(file, `#!/bin/sh\necho "nats-server: v${version}"\n`);
    await chmod(file, 0o755);
    return file;
  }

  describe("findServer", () => {
    it("returns the package's server when there is none on PATH", async () => {
      expect(await findServer({ path: "" })).toMatchObject({ from: "package", version: expect.stringMatching(/^2\./) });
    });
    it("returns the server on PATH when it is recent enough", async () => {
      const path = await fakeServer("2.99.0");
      expect(await findServer({ path: `/nowhere:${folder}` })).toEqual({ path, from: "PATH", version: "2.99.0" });
    });
    it("skips a server on PATH that is too old", async () => {
      await fakeServer("2.9.10");
      expect((await findServer({ path: folder })).from).toBe("package");
    });
  });

  describe("startServer", () => {
    it("runs a server on a free loopback port until it is stopped", async () => {
      const server = await startServer(await findServer(), { dataDir: folder, port: -1 });
      expect(server.url).toBe(`nats://127.0.0.1:${server.port}`);
      const session = await connect({
        clock: systemClock(),
        random: systemRandom,
        servers: [server.url],
        name: "test",
      });
      await session.close();
      await server.stop();
      await server.stop();
      expect((await server.ended).asked).toBe(true);
    });
    it("rejects with the server's output when it cannot start", async () => {
      const server = await startServer(await findServer(), { dataDir: folder, port: -1 });
      const other = join(folder, "other");
      const second = startServer(await findServer(), { dataDir: other, port: server.port });
      await expect(second).rejects.toMatchObject({ message: expect.stringContaining("address already in use") });
      await server.stop();
    });
    it("reports that the server exited unexpectedly", async () => {
      const server = await startServer(await findServer(), { dataDir: folder, port: -1 });
      process.kill(server.pid, "SIGKILL");
      expect((await server.ended).asked).toBe(false);
    });
  });
});
