import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@shoal/client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isThere, type RunningDevstack, runShoal, startDevstackProcess, untilGone } from "./run-shoal.ts";

let folder = "";
const running = new Set<RunningDevstack>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-e2e-"));
});
afterEach(async () => {
  for (const each of running) if (each.process.exitCode === null && each.process.signalCode === null) await each.stop();
  running.clear();
  await rm(folder, { recursive: true, force: true });
});

async function start(...args: string[]): Promise<RunningDevstack> {
  const devstack = await startDevstackProcess(join(folder, "data"), args);
  running.add(devstack);
  return devstack;
}

const spec = (seconds: number) => ({
  type: "batch",
  tasks: [{ name: "main", engine: { type: "noop", params: { RunSeconds: seconds } } }],
});

it("stops in order, and has all data when it starts again", async () => {
  const first = await start("--nodes", "1", "--requesters", "1");
  const client = createClient({ endpoints: first.api });
  const { jobId } = await client.submit({ name: "kept", ...spec(0) });
  const before = await client.waitForJob(jobId);
  expect(await first.stop()).toBe(0);
  expect(Object.values(first.pids).filter(isThere)).toEqual([]);
  const second = await start("--nodes", "1", "--requesters", "1");
  expect(await createClient({ endpoints: second.api }).job("kept")).toEqual(before);
});

it("leaves no process when it is killed, and starts again on the same data", async () => {
  const first = await start("--nodes", "2", "--requesters", "2");
  const { jobId } = await createClient({ endpoints: first.api }).submit(spec(1));
  const gone = Object.values(first.pids).map(untilGone);
  first.process.kill("SIGKILL");
  await Promise.all(gone);
  expect(Object.values(first.pids).filter(isThere)).toEqual([]);
  const second = await start("--nodes", "2", "--requesters", "2");
  const job = await createClient({ endpoints: second.api }).waitForJob(jobId);
  expect(job.state).toMatchObject({ stateType: "completed" });
});

it("continues without a killed requester, and restarts it", async () => {
  const devstack = await start("--nodes", "1");
  const client = createClient({ endpoints: devstack.api });
  const back = nextWords(devstack, "requester-0 is back");
  const { jobId } = await client.submit(spec(1));
  process.kill(devstack.pids["requester-0"] ?? 0, "SIGKILL");
  expect((await client.waitForJob(jobId)).state.stateType).toBe("completed");
  await back;
  await createClient({ endpoints: devstack.api[0] ?? "" }).alive();
});

it("restarts a killed NATS server on the same port", async () => {
  const devstack = await start("--nodes", "1", "--requesters", "1");
  const back = nextWords(devstack, "nats is back");
  process.kill(devstack.pids["nats"] ?? 0, "SIGKILL");
  await back;
  const client = createClient({ endpoints: devstack.api });
  const { jobId } = await client.submit(spec(0));
  expect((await client.waitForJob(jobId)).state.stateType).toBe("completed");
});

it("refuses a data directory that another one uses", async () => {
  const devstack = await start("--nodes", "0", "--requesters", "1");
  const args = ["devstack", "--port", "0", "--nats-port", "0", "--data-dir", devstack.dataDir];
  const { code, stderr } = await runShoal(args);
  expect(stderr).toContain(`the data directory ${join(devstack.dataDir, "nats")} is in use by another devstack`);
  expect(code).toBe(8);
});

it("names the port that is taken, and the flag that chooses another", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const base = ["devstack", "--nodes", "0", "--data-dir", join(folder, "data")];
  try {
    const nats = await runShoal([...base, "--port", "0", "--nats-port", String(port)]);
    expect(nats).toMatchObject({ code: 8, stderr: expect.stringMatching(new RegExp(`port ${port}.*\n.*--nats-port`)) });
    const api = await runShoal([...base, "--port", String(port), "--nats-port", "0"]);
    expect(api).toMatchObject({ code: 8, stderr: expect.stringMatching(new RegExp(`port ${port}.*\n.*--port`)) });
  } finally {
    server.close();
  }
});

function nextWords({ process }: RunningDevstack, words: string): Promise<void> {
  return new Promise((resolve) => {
    let printed = "";
    process.stderr?.on("data", (piece: Buffer) => {
      printed += piece.toString();
      if (printed.includes(words)) resolve();
    });
  });
}
