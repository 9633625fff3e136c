import { mkdtemp, readdir, readlink, rm, truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManualClock } from "@shoal/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createFileStore } from "./file-store.ts";
import { serveResults } from "./server.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-results-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

// More than the system buffers for a connection whose reader does not read; sparse.
const sizeBytes = 2 ** 30;

it.skipIf(process.platform !== "linux")(
  "disconnects a reader that reads nothing of a result (needs /proc)",
  async () => {
    const path = join(folder, "large.tar.gz");
    await writeFile(path, "");
    await truncate(path, sizeBytes);
    const fileStore = createFileStore({
      folder,
      clock: createManualClock(Date.now()),
      keepMs: 3_600_000,
      keepBytes: sizeBytes,
    });
    const server = await serveResults({ fileStore, folder, address: "127.0.0.1", port: 0, stillMs: 200 });
    const reader = connect({ host: "127.0.0.1", port: server.port });
    const broken = new Promise<unknown>((resolve) => reader.once("error", resolve).once("close", resolve));
    let got = 0;
    reader.write("GET /large.tar.gz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => reader.once("readable", resolve));
    await expect.poll(async () => (await openFiles()).some((name) => name === path), { timeout: 10_000 }).toBe(false);
    reader.on("data", (piece) => {
      got += piece.length;
    });
    await broken;
    expect(got).toBeLessThan(sizeBytes);
    await server.close();
  },
);

/** Names of the files that this process has open. */
async function openFiles(): Promise<readonly string[]> {
  const fds = await readdir("/proc/self/fd");
  return Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
}
