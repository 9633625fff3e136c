import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { permissionsOfNode, permissionsOfRequester } from "@shoal/nats";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type NatsCluster, startNatsCluster } from "./nats-cluster.ts";

const program = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));
const users = (password: string) => [
  { user: "requester", password, rights: permissionsOfRequester() },
  { user: "n-1", password, rights: permissionsOfNode("n-1") },
];
const roles = [
  { name: "a requester", args: ["--requester", "-c", "http.port=0"], user: "requester" },
  { name: "a compute node", args: ["--compute", "-c", "nodeId=n-1", "-c", "wasm.poolSize=0"], user: "n-1" },
];

let folder = "";
let cluster: NatsCluster;
const running: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-sigterm-"));
  cluster = await startNatsCluster(folder, users("right"));
}, 180_000);
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});
afterAll(async () => {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});

interface Started {
  readonly child: ChildProcess;
  /** Resolves with the first line that matches, also an earlier one. */
  printed(pattern: RegExp): Promise<void>;
  /** All lines so far. */
  text(): string;
}

function serve({ args, user }: (typeof roles)[number], urls = cluster.urls): Started {
  const env = { SHOAL_NATS_URL: urls, SHOAL_NATS_USER: user, SHOAL_NATS_PASSWORD: "right" };
  const child = spawn(process.execPath, [program, "serve", ...args, "-c", `dataDir=${join(folder, user)}`], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  running.push(child);
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    for (const receive of listeners) receive(line);
  });
  const printed = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const receive = (line: string) => (pattern.test(line) ? resolve() : undefined);
      listeners.add(receive);
      lines.forEach(receive);
      child.once("exit", (code) => reject(new Error(`ended with ${code} without ${pattern}:\n${lines.join("\n")}`)));
    });
  return { child, printed, text: () => lines.join("\n") };
}

/** Sends SIGTERM, and SIGKILL after 3 s. Resolves with the exit code and the signal. */
async function stop({ child }: Started): Promise<number | NodeJS.Signals | null> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 3_000);
  const [code, signal] = await ended;
  clearTimeout(late);
  return code ?? signal;
}

describe.each(roles)("SIGTERM ends $name within 3 s", (role) => {
  it("that is connected", { timeout: 90_000 }, async () => {
    const started = serve(role);
    await started.printed(/"msg":"ready"/);
    expect(await stop(started), started.text()).toBe(0);
  });

  it("that waits for an unreachable server", { timeout: 90_000 }, async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    const started = serve(role, `nats://127.0.0.1:${Object(address).port}`);
    await once(silent, "connection");
    expect(await stop(started), started.text()).toBe(0);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it("that is starting", { timeout: 90_000 }, async () => {
    const before = await cluster.connections();
    const started = serve(role);
    while ((await cluster.connections()) === before) await new Promise(setImmediate);
    expect(await stop(started), started.text()).toBe(0);
  });

  it("that the server no longer admits", { timeout: 180_000 }, async () => {
    const started = serve(role);
    await started.printed(/"msg":"ready"/);
    const refused = started.printed(/NATS refuses/);
    await cluster.reload(users("new"));
    await refused;
    expect(await stop(started), started.text()).toBe(0);
    await cluster.reload(users("right"));
  });
});

describe.each(roles)("SIGTERM ends $name", (role) => {
  it("within 3 s when the servers are gone", { timeout: 180_000 }, async () => {
    const own = await mkdtemp(join(tmpdir(), "shoal-sigterm-gone-"));
    const gone = await startNatsCluster(own, users("right"));
    onTestFinished(async () => {
      await gone.close();
      await rm(own, { recursive: true, force: true });
    });
    // A node needs the streams that a requester creates.
    if (role.user !== "requester") await serve(roles[0] ?? role, gone.urls).printed(/"msg":"ready"/);
    const started = serve(role, gone.urls);
    await started.printed(/"msg":"ready"/);
    await gone.close();
    expect(await stop(started), started.text()).toBe(0);
  });
});
