import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connectRequester, findServer, type RunningServer, startServer } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { errors } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));

let folder = "";
let server: RunningServer;
const running: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-health-"));
  server = await startServer(await findServer(), { dataDir: join(folder, "nats"), port: -1 });
});
afterEach(async () => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  await server.kill();
  await rm(folder, { recursive: true, force: true });
});

interface Lines {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  /** Resolves with the first line that matches, also an earlier one. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

function follow(child: ChildProcess): Lines {
  running.push(child);
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const output = child.stderr ?? child.stdout;
  if (output === null) throw new Error("no output to follow");
  createInterface({ input: output }).on("line", (line) => {
    lines.push(line);
    for (const receive of listeners) receive(line);
  });
  const printed = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const receive = (line: string) => {
        const found = pattern.exec(line);
        if (found !== null) resolve(found);
      };
      listeners.add(receive);
      lines.forEach(receive);
      child.once("exit", (code) => reject(new Error(`ended with ${code} without ${pattern}:\n${lines.join("\n")}`)));
    });
  return { child, lines, printed };
}

function serve(role: string, settings: readonly string[], more: Readonly<Record<string, string>> = {}): Lines {
  const args = [`dataDir=${join(folder, role)}`, ...settings].flatMap((setting) => ["-c", setting]);
  const env = { PATH: process.env["PATH"], SHOAL_NATS_URL: server.url, ...more };
  const stdio: ["ignore", "ignore", "pipe"] = ["ignore", "ignore", "pipe"];
  return follow(spawn(process.execPath, [program, "serve", `--${role}`, ...args], { env, stdio }));
}

interface Readiness {
  readonly Ready: boolean;
  readonly Checks: readonly { readonly Name: string; readonly Ok: boolean; readonly Reason: string }[];
}

async function readyz(url: string): Promise<{ readonly status: number; readonly body: Readiness }> {
  const answer = await fetch(`${url}/readyz`);
  const body: Readiness = Object(await answer.json());
  return { status: answer.status, body };
}

/** Polls until the response is as expected; the test's time-out ends it. */
async function until(url: string, ready: boolean): Promise<Readiness> {
  for (;;) {
    const { status, body } = await readyz(url);
    expect(status).toBe(body.Ready ? 200 : 503);
    if (body.Ready === ready) return body;
    await new Promise(setImmediate);
  }
}

const failing = ({ Checks }: Readiness) => Checks.filter(({ Ok }) => !Ok).map(({ Name }) => Name);

describe("health", () => {
  it("of a requester and a node follows the NATS server", { timeout: 180_000 }, async () => {
    const requester = serve("requester", ["http.port=0"]);
    const [, api = ""] = await requester.printed(/"api":"([^"]+)".*"msg":"ready"/);
    const node = serve("compute", ["nodeId=n-1", "wasm.poolSize=0", "health.listen=127.0.0.1:0"]);
    const [, health = ""] = await node.printed(/"url":"([^"]+)"/);
    const names = ["nats", "log", "log disk", "clock"];
    expect((await until(api, true)).Checks.map(({ Name }) => Name)).toEqual([...names, "shards", "features"]);
    const nodeNames = [...names, "assignments", "heartbeat", "data disk"];
    expect((await until(health, true)).Checks.map(({ Name }) => Name)).toEqual(nodeNames);

    const { port } = server;
    await server.kill();
    expect(failing(await until(api, false))).toContain("nats");
    expect(failing(await until(health, false))).toContain("nats");
    for (const url of [api, health]) expect((await fetch(`${url}/healthz`)).status).toBe(200);

    server = await startServer(await findServer(), { dataDir: join(folder, "nats"), port });
    await until(api, true);
    await until(health, true);
  });

  it("is in `node list`, with each clock", { timeout: 180_000 }, async () => {
    const [, api = ""] = await serve("requester", ["http.port=0"]).printed(/"api":"([^"]+)".*"msg":"ready"/);
    await until(api, true);
    const env = { ...process.env, SHOAL_API_HOST: api, NO_COLOR: "1" };
    const list = follow(
      spawn(process.execPath, [program, "node", "list"], { env, stdio: ["ignore", "pipe", "ignore"] }),
    );
    await list.printed(/CLOCK/);
    await list.printed(/ok/);
  });

  it("ends without a shard when another process has its port", {
    timeout: 90_000,
  }, async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const requester = serve("requester", [`http.port=${Object(other.address()).port}`, "requesterId=r-late"]);
    const [code] = await once(requester.child, "exit");
    expect(code).toBe(errors.CONFIG_INVALID.exit);
    expect(requester.lines.join("\n")).toContain("is in use");
    // A requester that has joined leaves an entry under its name for some seconds after it leaves.
    const ports = await connectRequester({
      clock: systemClock(),
      random: systemRandom,
      requesterId: "observer",
      replicas: 1,
      servers: [server.url],
      onParked: () => {},
    });
    const manager = await ports.session.manager();
    const mark = (id: string) =>
      manager.streams.getMessage("KV_shards", { last_by_subj: `$KV.shards.requester.${id}` });
    expect(await mark("r-late")).toBeNull();
    await serve("requester", ["http.port=0", "requesterId=r-early"]).printed(/"msg":"ready"/);
    expect(await mark("r-early")).not.toBeNull();
    await ports.close();
    other.close();
  });
});

// Listens on a Unix datagram socket, which Node cannot; perl-base is part of every Debian.
const listener = `socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un($ARGV[0])) or die; $| = 1;
print "listening\n"; while (defined recv(S, $m, 4096, 0)) { print "$m\n" }`;

describe("the service manager", () => {
  it("receives the readiness, the status, the watchdog signal and the stop of a service (needs systemd-notify, which comes with systemd)", {
    timeout: 180_000,
  }, async (context) => {
    if (spawnSync("systemd-notify", ["--version"]).error !== undefined) return context.skip();
    const socket = join(folder, "notify");
    const perl = spawn("perl", ["-MSocket", "-e", listener, socket], { stdio: ["ignore", "pipe", "ignore"] });
    const manager = follow(perl);
    await manager.printed(/listening/);
    const requester = serve("requester", ["http.port=0"], { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "2000000" });
    await manager.printed(/READY=1/);
    await manager.printed(/STATUS=/);
    await manager.printed(/WATCHDOG=1/);
    requester.child.kill("SIGTERM");
    await manager.printed(/STOPPING=1/);
  });
});
