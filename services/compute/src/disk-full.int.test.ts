import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectRequester, findServer, type NatsRequesterPorts, type RunningServer, startServer } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { type Assignment, type Report, shardOf } from "@shoal/proto";
import { root as guestRoot, program } from "@shoal/wasi-sandbox/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemCodeOf } from "./disk-fault.ts";
import { serveCompute } from "./serve.ts";
import { assignmentOf } from "./testing/assignments.ts";

const nodeId = "n-full";
// One MiB: some hundred times what the jobs of this file need, and quickly full.
const mount = (at: string) =>
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "shoal-test", at], { stdio: "pipe" });
// Lazily: files that a failed test has left open must not keep the disk mounted.
const unmount = (at: string) => execFileSync("umount", ["--lazy", at], { stdio: "pipe" });

/** Why no small disk can be created here; undefined when it can. */
function missingHere(): string | undefined {
  const at = mkdtempSync(join(tmpdir(), "shoal-mount-"));
  try {
    mount(at);
    unmount(at);
    return undefined;
  } catch {
    return "needs the right to mount a tmpfs, as root has it";
  } finally {
    rmSync(at, { recursive: true });
  }
}
const missing = missingHere();
const title = `a node with a full disk${missing === undefined ? "" : ` (skipped: ${missing})`}`;

describe.skipIf(missing !== undefined)(title, () => {
  let root = "";
  let server: RunningServer;
  let requester: NatsRequesterPorts;
  let stop = async () => {};
  let disks: readonly string[] = [];
  const disk = { journal: "", executions: "", published: "" };
  let attempt = 0;

  /** An assignment with a unique id. */
  const assignment = (task: Parameters<typeof assignmentOf>[0] = {}): Assignment => {
    attempt += 1;
    return assignmentOf({ nodeId, attempt, ...task });
  };
  /** Runs it; resolves with its final report. */
  const endOf = async (given: Assignment): Promise<Report["saw"]> => {
    const { promise, resolve } = Promise.withResolvers<Report["saw"]>();
    const following = await requester.reports.follow(shardOf(given.jobId), 0, ({ executionId, report: { saw } }) => {
      if (executionId === given.executionId && (saw.kind === "completed" || saw.kind === "failed")) resolve(saw);
    });
    await requester.views.assignments.put(`${nodeId}.${given.executionId}`, given);
    const saw = await promise;
    await following.close();
    return saw;
  };
  const withInput = () =>
    assignment({
      task: {
        engine: { type: "noop" },
        inputSources: [{ source: { type: "inline", params: { URL: `data:,${"x".repeat(50_000)}` } }, target: "/in" }],
      },
    });
  const withResults = () =>
    assignment({
      task: { engine: { type: "noop", params: { Stdout: "x".repeat(50_000) } }, publisher: { type: "local" } },
    });
  const full = (path: string) => ({
    kind: "failed",
    code: "NODE_DISK_FULL",
    why: expect.stringContaining(path),
    final: false,
  });

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-full-"));
    server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
    const silent = { onParked: () => {} };
    requester = await connectRequester({
      clock: systemClock(),
      random: systemRandom,
      requesterId: "r-1",
      replicas: 1,
      servers: [server.url],
      ...silent,
    });
    await requester.ensureResultsBucket(nodeId);
    const dataDir = join(root, "node");
    // Three disks, so that each test fills only the one it tests.
    disk.journal = dataDir;
    disk.executions = join(dataDir, "executions");
    disk.published = join(dataDir, "published");
    for (const at of Object.values(disk)) {
      mkdirSync(at);
      mount(at);
      disks = [at, ...disks];
    }
    const quit = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<unknown>();
    const flags = {
      nodeId,
      dataDir,
      "nats.url": server.url,
      "log.level": "fatal",
      "wasm.poolSize": 0,
      "capacity.disk": "1GB",
    };
    const served = serveCompute({ given: { env: {}, flags }, quit: quit.promise, onReady: ready.resolve });
    stop = () => {
      quit.resolve();
      return served;
    };
    await Promise.race([ready.promise, served]);
  });
  afterEach(async () => {
    for (const at of disks) await rm(join(at, "ballast"), { force: true });
    // Space is free again: the same node continues.
    expect(await endOf(withInput())).toMatchObject({ kind: "completed" });
    expect(await endOf(withResults())).toMatchObject({ kind: "completed" });
  });
  afterAll(async () => {
    await stop();
    for (const at of disks) unmount(at);
    await requester?.close();
    await server?.stop();
    await rm(root, { recursive: true, force: true });
  });

  it("fails inputs that do not fit", async () => {
    await fill(disk.executions);
    expect(await endOf(withInput())).toMatchObject(full(disk.executions));
  });

  it("does not publish incomplete output", async () => {
    await fill(disk.executions);
    const given = withResults();
    expect(await endOf(given)).toMatchObject(full(disk.executions));
    expect(await readdir(disk.published)).not.toContain(`${given.executionId}.tar.gz`);
  });

  it("does not publish a guest's incomplete files", async () => {
    const module = Buffer.from(greedyGuest()).toString("base64");
    const given = assignment({
      resources: { ...assignment().resources, diskBytes: 2 ** 29 },
      task: {
        engine: { type: "wasm", params: { EntryModule: "/app/main.wasm" } },
        inputSources: [
          { source: { type: "inline", params: { URL: `data:;base64,${module}` } }, target: "/app/main.wasm" },
        ],
        resultPaths: [{ name: "made", path: "/made" }],
        publisher: { type: "local" },
      },
    });
    expect(await endOf(given)).toMatchObject({ ...full(disk.executions), output: { exitCode: noSpaceErrno } });
  });

  it("fails results that do not fit, and leaves no unfinished file behind", async () => {
    await fill(disk.published);
    expect(await endOf(withResults())).toMatchObject(full(disk.published));
    expect((await readdir(disk.published)).filter((name) => name.includes("unfinished"))).toEqual([]);
  });

  it("begins nothing that it cannot journal", async () => {
    await fill(disk.journal);
    // The rest of the journal's last page takes some entries.
    for (let n = 0; n < 20; n++) {
      const end = await endOf(assignment());
      if (end.kind === "completed") continue;
      expect(end).toMatchObject(full("journal.sqlite"));
      return;
    }
    expect.fail("the journal went on writing to a full disk");
  });
});

// NOSPC in WASI preview 1.
const noSpaceErrno = 51;

/** A guest that writes into its output until a write is refused, and exits with the error number. */
function greedyGuest(): Uint8Array {
  return program((pen) => {
    const file = pen.open(guestRoot, "made/big", { create: true, write: true });
    const vector = pen.room(8);
    const point = `(i32.store (i32.const ${vector}) (i32.const 2048)) (i32.store (i32.const ${vector + 4}) (i32.const 60000))`;
    return [file.step, point, `(loop ${pen.must("fd_write", file.fd, vector, 1, pen.room(4))} (br 0))`];
  });
}

/** Writes until the disk is full. */
async function fill(at: string): Promise<void> {
  const file = await open(join(at, "ballast"), "w");
  const block = Buffer.alloc(4_096, 1);
  try {
    // More than the size of the disk.
    for (let n = 0; n < 1_000; n++) await file.write(block);
    expect.fail(`${at} did not become full`);
  } catch (failure) {
    if (systemCodeOf(failure) !== "ENOSPC") throw failure;
  } finally {
    await file.close();
  }
}
