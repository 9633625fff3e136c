import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  connectNode,
  connectRequester,
  findServer,
  type NatsRequesterPorts,
  type NodePorts,
  type RunningServer,
  startServer,
} from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { afterEach, beforeEach, expect, it } from "vitest";

const program = fileURLToPath(new URL("../../deploy/nats/make-config.ts", import.meta.url));

let folder = "";
let server: RunningServer;
const open: { close(): Promise<void> }[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-password-"));
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The configuration that an operator prints. */
function printed(users: object, port: number): string {
  const args = ["--users", "-", "--store-dir", folder, "--port", String(port), "--monitor", "off"];
  const input = JSON.stringify(users);
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...args], { input, encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout;
}

/** Replaces the server's configuration and reloads it, as `systemctl reload nats-server` does. */
async function reload(users: object): Promise<void> {
  await writeFile(join(folder, "nats.conf"), printed(users, server.port), { mode: 0o600 });
  process.kill(server.pid, "SIGHUP");
}

async function requester(user: string, pass: string): Promise<NatsRequesterPorts> {
  const quiet = { onParked: () => {} };
  const ports = await connectRequester({
    clock: systemClock(),
    random: systemRandom,
    servers: [server.url],
    user,
    pass,
    requesterId: "r-1",
    replicas: 1,
    ...quiet,
  });
  open.push(ports);
  return ports;
}

async function node(user: string, pass: string): Promise<NodePorts> {
  const ports = await connectNode({
    clock: systemClock(),
    random: systemRandom,
    servers: [server.url],
    user,
    pass,
    nodeId: "n-1",
  });
  open.push(ports);
  return ports;
}

/** Whether it gets replies now, over its present connection. */
const isUsable = async ({ session }: Pick<NatsRequesterPorts, "session">): Promise<boolean> =>
  await session.nc.flush().then(() => !session.nc.isClosed());

const report = {
  jobId: "j-1",
  executionId: "e-1",
  report: { at: 1, namespace: "default", number: 1, saw: { kind: "stopped" } },
} as const;

it("changes the passwords of requesters and nodes while both old and new ones work", async () => {
  server = await startServer(await findServer(), { dataDir: folder, port: -1 });
  await reload({ requester: "old", nodes: { "n-1": "old" } });
  await expect.poll(() => requester("requester", "old").then(isUsable), { timeout: 60_000 }).toBe(true);
  const [oldRequester, oldNode] = [await requester("requester", "old"), await node("n-1", "old")];
  const drops: string[] = [];
  for (const { session } of [oldRequester, oldNode]) session.onChange((up) => drops.push(up ? "up" : "down"));

  // Both passwords are valid, so that no client is interrupted.
  await reload({
    requester: { requester: "old", "requester-b": "new" },
    nodes: { "n-1": { "n-1": "old", "n-1-b": "new" } },
  });
  await expect.poll(() => requester("requester-b", "new").then(isUsable, () => false), { timeout: 60_000 }).toBe(true);
  const newRequester = await requester("requester-b", "new");
  const newNode = await node("n-1-b", "new");
  expect(await Promise.all([oldRequester, oldNode, newRequester, newNode].map(isUsable))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  for (const each of [oldNode, newNode]) await each.reports.send(report);
  for (const each of [oldRequester, newRequester]) expect(await each.log.lastSeq()).toBe(0);
  expect(drops).toEqual([]);

  // Without the old passwords: clients with the new ones stay connected, the others are disconnected.
  await reload({ requester: { "requester-b": "new" }, nodes: { "n-1": { "n-1-b": "new" } } });
  await expect.poll(() => drops.filter((each) => each === "down").length, { timeout: 60_000 }).toBe(2);
  expect(await Promise.all([newRequester, newNode].map(isUsable))).toEqual([true, true]);
  await newNode.reports.send(report);
  expect(await newRequester.log.lastSeq()).toBe(0);
  await expect(node("n-1", "old")).rejects.toMatchObject({ code: "NATS_REFUSED" });
});

it("prints one subject per line, the limits of the store, and a read-only observer", () => {
  const text = printed({ requester: "x", observers: { auditor: "y" } }, 4222);
  const lines = text.split("\n").map((line) => line.trim());
  expect(lines).toContain('"$JS.API.CONSUMER.CREATE.EVENTS.>"');
  expect(lines).toContain('"_INBOX_auditor.>"');
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(130);
  expect(text).toContain("# max_file_store");
  expect(text).toContain("duplicate window");
  expect(text).not.toContain("http:");
});
