import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLogServer } from "./log-server.ts";

const { findServer, startServer } = await import("@shoal/nats/server");

const isThere = await findServer().then(
  () => true,
  () => false,
);

describe.skipIf(!isThere && !process.env["CI"])("the NATS server of a devstack (needs nats-server)", () => {
  let dataDir = "";
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "shoal-log-server-"));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));
  const open = () => openLogServer({ dataDir, users: [], signal: new AbortController().signal });

  it("starts after a server that a killed devstack has left behind has ended", { timeout: 30_000 }, async () => {
    const pidFile = join(dataDir, "nats.pid");
    const leftover = await startServer(await findServer(), { dataDir, pidFile, port: -1 });
    const logServer = await open();
    expect(() => process.kill(leftover.pid, 0)).toThrow("ESRCH");
    const server = logServer.start(0);
    const { port } = await server.ready;
    expect(port).not.toBe(leftover.port);
    await server.stop();
    logServer.release();
    expect(existsSync(pidFile)).toBe(false);
  });

  it("takes the lock of a devstack that ends meanwhile", { timeout: 30_000 }, async () => {
    const first = await open();
    const second = open();
    first.release();
    (await second).release();
  });

  it("names the reason when the server cannot start", { timeout: 30_000 }, async () => {
    const logServer = await open();
    await writeFile(join(dataDir, "jetstream"), "a file where the server needs a folder");
    const server = logServer.start(0);
    const failure = { code: "LOG_UNREACHABLE", message: expect.stringMatching(/^nats: .*nats-server ended/) };
    await expect(server.ready).rejects.toMatchObject(failure);
    expect(await server.ended).toMatch(/^nats: .*nats-server ended/);
    await server.stop();
    logServer.release();
  });
});
