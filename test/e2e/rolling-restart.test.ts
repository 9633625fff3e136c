import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { permissionsOfNode, permissionsOfRequester } from "@shoal/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsCluster, startNatsCluster } from "./nats-cluster.ts";

const program = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));
const password = "right";
const users = [
  { user: "requester", password, rights: permissionsOfRequester() },
  { user: "n-1", password, rights: permissionsOfNode("n-1") },
];
// pino's number for a warning.
const warning = 40;

let folder = "";
let cluster: NatsCluster;
const running: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-rolling-"));
  cluster = await startNatsCluster(folder, users);
}, 180_000);
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});

interface LogLine {
  readonly level?: number;
  readonly msg?: string;
  readonly pid?: unknown;
  readonly hostname?: unknown;
  readonly requesterId?: unknown;
  readonly nodeId?: unknown;
}

interface Service {
  readonly child: ChildProcess;
  readonly lines: LogLine[];
  readonly ready: Promise<void>;
}

/** A line of its stderr that is not JSON counts as a fatal one. */
function serve(role: string, user: string, settings: readonly string[]): Service {
  const all = [`dataDir=${join(folder, role)}`, ...settings].flatMap((setting) => ["-c", setting]);
  const env = { SHOAL_NATS_URL: cluster.urls, SHOAL_NATS_USER: user, SHOAL_NATS_PASSWORD: password };
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", program, "serve", `--${role}`, ...all],
    {
      env: { PATH: process.env["PATH"], ...env },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  running.push(child);
  const lines: LogLine[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    const read: LogLine = Object(line.startsWith("{") ? JSON.parse(line) : { level: 60, msg: line });
    lines.push(read);
    if (read.msg === "ready") ready.resolve();
  });
  return { child, lines, ready: ready.promise };
}

describe("a clean rolling restart of the NATS servers", () => {
  it("causes no warning, and every line of both services names its process", { timeout: 120_000 }, async () => {
    const requester = serve("requester", "requester", ["http.port=0", "requesterId=r-1", "nats.replicas=3"]);
    await requester.ready;
    const node = serve("compute", "n-1", ["nodeId=n-1", "wasm.poolSize=0", "docker.socket=/nowhere.sock"]);
    await node.ready;
    const [atRequester, atNode] = [requester.lines.length, node.lines.length];
    for (const index of [0, 1, 2]) await cluster.restart(index);
    for (const { child } of [requester, node]) {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
    }
    const linesAfter = [...requester.lines.slice(atRequester), ...node.lines.slice(atNode)];
    expect(linesAfter.filter(({ level = 0 }) => level >= warning)).toEqual([]);
    const who = { pid: expect.any(Number), hostname: expect.any(String) };
    for (const line of requester.lines) expect(line).toMatchObject({ requesterId: "r-1", ...who });
    for (const line of node.lines) expect(line).toMatchObject({ nodeId: "n-1", ...who });
  });
});
