import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { connectRequester, permissionsOfNode, permissionsOfRequester } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { errors } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NatsCluster, startNatsCluster } from "./nats-cluster.ts";

const program = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));

const users = (password: string) => [
  { user: "requester", password, rights: permissionsOfRequester() },
  { user: "n-1", password, rights: permissionsOfNode("n-1") },
];

let folder = "";
let cluster: NatsCluster;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-refused-"));
  cluster = await startNatsCluster(folder, users("right"));
});
afterAll(async () => {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs `shoal` to its end with only these settings; the test's time-out of 30 s ends it. */
async function shoal(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const started = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env["PATH"], SHOAL_NATS_URL: cluster.urls, SHOAL_DATA_DIR: join(folder, "data"), ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [stderr, [code]] = await Promise.all([text(started.stderr), once(started, "exit")]);
  return { code, stderr };
}

const commands = [
  { name: "serve --requester", args: ["serve", "--requester", "-c", "http.port=0"], user: "requester" },
  { name: "serve --compute", args: ["serve", "--compute", "-c", "nodeId=n-1", "-c", "wasm.poolSize=0"], user: "n-1" },
  { name: "replay", args: ["replay"], user: "requester" },
];
const credentials = [
  { what: "a wrong password", of: (user: string) => ({ SHOAL_NATS_USER: user, SHOAL_NATS_PASSWORD: "wrong" }) },
  { what: "no password", of: (): Readonly<Record<string, string>> => ({}) },
];
const cases = commands.flatMap((command) => credentials.map((each) => ({ ...command, ...each })));

// The library and then the probe connect to each server: 6 of 30 allowed.
const connectionsMax = 29;

describe("a cluster of three servers that refuses the user", () => {
  it.each(cases)("ends $name with $what", { timeout: 90_000 }, async ({ args, user, of }) => {
    const before = await cluster.connections();
    const { code, stderr } = await shoal(args, of(user));
    expect(stderr).toContain("refuses");
    expect(stderr).not.toContain("wrong");
    expect(code).toBe(errors.NATS_REFUSED.exit);
    expect((await cluster.connections()) - before).toBeLessThanOrEqual(connectionsMax);
  });

  it("names the missing right when a node's user replays", { timeout: 90_000 }, async () => {
    const { code, stderr } = await shoal(["replay"], { SHOAL_NATS_USER: "n-1", SHOAL_NATS_PASSWORD: "right" });
    expect(stderr).toMatch(/user "n-1" may not read the log/);
    expect(code).toBe(errors.NATS_REFUSED.exit);
  });

  it("logs one line of JSON with code, sentence and hint", { timeout: 90_000 }, async () => {
    const env = { SHOAL_NATS_USER: "requester", SHOAL_NATS_PASSWORD: "wrong", SHOAL_REQUESTER_ID: "r-1" };
    const { stderr } = await shoal(["serve", "--requester"], env);
    const lines = stderr
      .split("\n")
      .filter(Boolean)
      .map((line): unknown => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({
      level: 60,
      code: "NATS_REFUSED",
      why: expect.stringContaining('refuses user "requester"'),
      hint: errors.NATS_REFUSED.hint,
      requesterId: "r-1",
      pid: expect.any(Number),
      hostname: expect.any(String),
    });
  });
});

describe("a password that changes on the servers", () => {
  it("is read again from its file, with few attempts until it is valid", { timeout: 180_000 }, async () => {
    const passwordFile = join(folder, "password");
    await writeFile(passwordFile, "right\n", { mode: 0o600 });
    const faultPlan: string[] = [];
    const refused = Promise.withResolvers<void>();
    const requester = await connectRequester({
      clock: systemClock(),
      random: systemRandom,
      requesterId: "r-2",
      replicas: 1,
      servers: cluster.urls.split(","),
      user: "requester",
      passwordFile,
      onParked: () => {},
      onNatsError: (what) => {
        faultPlan.push(what);
        if (what.includes("refuses")) refused.resolve();
      },
    });
    const before = await cluster.connections();
    await cluster.reload(users("new"));
    await refused.promise;
    await writeFile(passwordFile, "new\n", { mode: 0o600 });
    expect(await requester.session.connected(45_000)).toBe(true);
    // A few attempts for each server, with growing pauses: 1 s, 2 s, 4 s, 8 s, 16 s.
    expect((await cluster.connections()) - before).toBeLessThanOrEqual(12);
    expect(faultPlan.filter((what) => what.includes("refuses"))).toHaveLength(1);
    await requester.close();
  });
});
