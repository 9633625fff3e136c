import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@shoal/client";
import { ComputeConfig } from "@shoal/compute";
import { settingsOf } from "@shoal/core";
import { findServer } from "@shoal/nats";
import { RequesterConfig } from "@shoal/requester";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePorts } from "./free-ports.ts";
import { readEnvironment, readUnit, startUnit, textOf, type UnitProcess } from "./unit-process.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const units = ["nats-server.service", "shoal-requester.service", "shoal-compute.service"] as const;
type UnitFile = (typeof units)[number];

const schemas = {
  "shoal-requester.service": RequesterConfig,
  "shoal-compute.service": ComputeConfig,
} as const;

let folder = "";
const running: UnitProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-deploy-"));
  await writeFile(join(folder, "password"), `${users.requester}\n`);
});
afterEach(async () => {
  for (const each of running.splice(0).reverse()) if (each.child.exitCode === null) await each.stop("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

const only = (values: readonly string[] | undefined): string => {
  expect(values).toHaveLength(1);
  return values?.[0] ?? "";
};

const environmentOf = (unit: UnitFile) => readEnvironment(only(readUnit(unit)["EnvironmentFile"]));

/** A text of a unit with the paths of this machine. */
async function here(text: string): Promise<string> {
  const { path } = await findServer();
  return text
    .replaceAll("/usr/bin/node", process.execPath)
    .replaceAll("/usr/local/bin/nats-server", path)
    .replaceAll("/opt/shoal/current", root);
}

async function start(unit: UnitFile, place: { config?: string; env?: Readonly<Record<string, string>> }) {
  const command = await here(only(readUnit(unit)["ExecStart"]));
  const started = startUnit(command.replace("/etc/shoal/nats.conf", place.config ?? ""), {
    ...environmentOf(unit),
    ...place.env,
  });
  running.push(started);
  return started;
}

function makeConfig(args: readonly string[], users: object) {
  const program = join(root, "deploy/nats/make-config.ts");
  const input = JSON.stringify(users);
  return spawnSync(process.execPath, [program, "--users", "-", ...args], { input, encoding: "utf8" });
}

// The names in the example files.
const users = { requester: "change-me", nodes: { "n-1": "change-me" } };

interface Server {
  readonly name: string;
  readonly port: number;
  readonly more?: readonly string[];
}

async function writeConfig({ name, port, more = [] }: Server, who: object = users): Promise<string> {
  const args = ["--store-dir", join(folder, name), "--port", String(port), "--name", name, "--monitor", "off", ...more];
  const { stdout, stderr } = makeConfig(args, { ...who, routes: "a secret/of routes" });
  expect(stderr).toBe("");
  const config = join(folder, `${name}.conf`);
  await writeFile(config, stdout, { mode: 0o600 });
  return config;
}

async function startServer(server: Server): Promise<UnitProcess> {
  return await start("nats-server.service", { config: await writeConfig(server) });
}

const passwordFile = () => ({ SHOAL_NATS_PASSWORD_FILE: join(folder, "password") });

const startRequester = (env: Readonly<Record<string, string>>) =>
  start("shoal-requester.service", {
    env: { ...passwordFile(), SHOAL_DATA_DIR: join(folder, "requester"), SHOAL_HTTP_PORT: "0", ...env },
  });

const startNode = (env: Readonly<Record<string, string>>) =>
  start("shoal-compute.service", { env: { ...passwordFile(), SHOAL_DATA_DIR: join(folder, "compute"), ...env } });

async function clientOf(requester: UnitProcess) {
  const [, api = ""] = await requester.printed(/"api":"([^"]+)".*"msg":"ready"/);
  return createClient({ endpoints: [api] });
}

const job = { type: "batch", tasks: [{ name: "main", engine: { type: "noop" } }] };

describe("the units", () => {
  it("start a cluster that runs a job, and stop in order", async () => {
    const [port = 0] = await freePorts(1);
    const env = { SHOAL_NATS_URL: `nats://127.0.0.1:${port}` };
    const server = await startServer({ name: "nats-1", port });
    await server.printed(/Server is ready/);
    const requester = await startRequester(env);
    const client = await clientOf(requester);
    const node = await startNode(env);
    await node.printed(/"nodeId":"n-1".*"msg":"ready"/);
    const { jobId } = await client.submit(job);
    expect((await client.waitForJob(jobId)).state.stateType).toBe("completed");
    expect(await node.stop()).toBe(0);
    expect(await requester.stop()).toBe(0);
    expect(await server.stop()).toBe(0);
  });

  it("admit a new node when the server reloads its configuration", async () => {
    const [port = 0] = await freePorts(1);
    const server = await startServer({ name: "nats-1", port });
    await server.printed(/Server is ready/);
    const env = { SHOAL_NATS_URL: `nats://127.0.0.1:${port}`, SHOAL_NODE_ID: "n-2", SHOAL_NATS_USER: "n-2" };
    await clientOf(await startRequester({ SHOAL_NATS_URL: env.SHOAL_NATS_URL }));
    await expect((await startNode(env)).printed(/"nodeId":"n-2".*"msg":"ready"/)).rejects.toThrow(/refuses user/);
    await writeConfig({ name: "nats-1", port }, { ...users, nodes: { ...users.nodes, "n-2": "change-me" } });
    expect(only(readUnit("nats-server.service")["ExecReload"])).toBe("/bin/kill -HUP $MAINPID");
    server.child.kill("SIGHUP");
    await server.printed(/Reloaded server configuration/);
    await (await startNode(env)).printed(/"nodeId":"n-2".*"msg":"ready"/);
  });

  it("start a cluster on three servers that works without one of them", async () => {
    const ports = await freePorts(6);
    const servers = await Promise.all(
      [0, 1, 2].map((mine) => {
        const others = [0, 1, 2].filter((each) => each !== mine);
        const routes = others.flatMap((each) => ["--route", `127.0.0.1:${ports[each + 3]}`]);
        const more = ["--cluster-port", `${ports[mine + 3]}`, ...routes];
        return startServer({ name: `nats-${mine + 1}`, port: ports[mine] ?? 0, more });
      }),
    );
    await Promise.any(servers.map((server) => server.printed(/Self is new JetStream cluster metadata leader/)));
    const urls = ports.slice(0, 3).map((port) => `nats://127.0.0.1:${port}`);
    const env = { SHOAL_NATS_URL: urls.join(","), SHOAL_NATS_REPLICAS: "3" };
    const client = await clientOf(await startRequester(env));
    await (await startNode(env)).printed(/"nodeId":"n-1".*"msg":"ready"/);
    const before = await client.submit(job);
    expect((await client.waitForJob(before.jobId)).state.stateType).toBe("completed");
    await servers[0]?.stop("SIGKILL");
    const after = await client.submit(job);
    expect((await client.waitForJob(after.jobId)).state.stateType).toBe("completed");
  });

  it.each(Object.entries(schemas))("%s has an example with settings that exist", (unit, schema) => {
    const file = units.find((each) => each === unit) ?? units[0];
    const known = new Set(settingsOf(schema).map(({ env }) => env));
    const given = environmentOf(file);
    expect(Object.keys(given).filter((name) => !known.has(name))).toEqual([]);
    expect(given["SHOAL_DATA_DIR"]).toBe(`/var/lib/${only(readUnit(file)["StateDirectory"])}`);
  });

  it("name the node as its NATS user, whose rights are made from the name", () => {
    const { SHOAL_NODE_ID, SHOAL_NATS_USER } = environmentOf("shoal-compute.service");
    expect(SHOAL_NODE_ID).toBe(SHOAL_NATS_USER);
  });

  it("are valid for systemd (needs systemd-analyze, which comes with systemd)", async (context) => {
    const { error } = spawnSync("systemd-analyze", ["--version"]);
    if (error !== undefined) return context.skip();
    const files = await Promise.all(
      units.map(async (unit) => {
        const file = join(folder, unit);
        await writeFile(file, await here(textOf(unit)));
        return file;
      }),
    );
    const { stdout, stderr, status } = spawnSync("systemd-analyze", ["verify", ...files], { encoding: "utf8" });
    // It also checks units of the machine; findings there do not count.
    const ours = `${stdout}${stderr}`.split("\n").filter((line) => units.some((unit) => line.includes(unit)));
    expect({ ours, status }).toEqual({ ours: [], status: 0 });
  });
});

describe("make-config --out", () => {
  const fine = ["--store-dir", "store"];

  it("replaces the file atomically, and preserves its owner and permissions", async () => {
    const out = join(folder, "replaced.conf");
    await writeFile(out, "before", { mode: 0o640 });
    const { status, stdout, stderr } = makeConfig([...fine, "--out", out], users);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(await readFile(out, "utf8")).toBe(makeConfig(fine, users).stdout);
    expect((await stat(out)).mode & 0o777).toBe(0o640);
    const fresh = join(folder, "fresh.conf");
    makeConfig([...fine, "--out", fresh], users);
    expect((await stat(fresh)).mode & 0o777).toBe(0o600);
  });

  it("does not change the file when the users are invalid", async () => {
    const out = join(folder, "kept.conf");
    await writeFile(out, "before");
    const program = join(root, "deploy/nats/make-config.ts");
    const args = [program, "--users", "-", ...fine, "--out", out];
    const { status } = spawnSync(process.execPath, args, { input: '{"requester": "x",}', encoding: "utf8" });
    expect(status).toBe(2);
    expect(await readFile(out, "utf8")).toBe("before");
    expect((await readdir(folder)).filter((name) => name.startsWith("kept.conf"))).toEqual(["kept.conf"]);
  });

  it("leaves no temporary file beside a file that it cannot replace", async () => {
    const out = join(folder, "a-folder.conf");
    await mkdir(out);
    const { status, stderr } = makeConfig([...fine, "--out", out], users);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(`--out: cannot write ${out}`) });
    expect((await readdir(folder)).filter((name) => name.startsWith("a-folder.conf"))).toEqual(["a-folder.conf"]);
  });
});

describe("make-config refuses", () => {
  const fine = ["--store-dir", "store"];
  interface Row {
    readonly what: string;
    readonly args: readonly string[];
    readonly given: object;
    readonly summary: string;
  }
  const rows: readonly Row[] = [
    {
      what: "a node's name that would widen its rights",
      args: fine,
      given: { requester: "x", nodes: { "n.>": "y" } },
      summary: '"n.>"',
    },
    {
      what: "a node with the requesters' name",
      args: fine,
      given: { requester: "x", nodes: { requester: "y" } },
      summary: '"requester"',
    },
    {
      what: "an observer with a node's name",
      args: fine,
      given: { requester: "x", nodes: { a: "y" }, observers: { a: "z" } },
      summary: 'got "a" twice',
    },
    {
      what: "a bucket for a node that does not exist",
      args: fine,
      given: { requester: "x", nodes: { a: "y" }, inputBuckets: { b: ["inputs"] } },
      summary: 'names "b"',
    },
    {
      what: "a second user of a node that belongs to another node",
      args: fine,
      given: { requester: "x", nodes: { a: { a: "y", b: "y" }, b: "z" } },
      summary: 'got "b" twice',
    },
    {
      what: "an invalid size",
      args: [...fine, "--max-file-store", "much"],
      given: users,
      summary: 'a size such as 50GB, got "much"',
    },
    { what: "an empty password", args: fine, given: { requester: "" }, summary: "a password cannot be empty" },
    { what: "a missing folder", args: [], given: users, summary: "--store-dir is missing" },
    { what: "an invalid port", args: [...fine, "--port", "0"], given: users, summary: 'to 65535, got "0"' },
    {
      what: "routes without a password",
      args: [...fine, "--name", "a", "--route", "b:6222"],
      given: users,
      summary: '"routes" in the users file',
    },
    {
      what: "routes without a name",
      args: [...fine, "--route", "b:6222"],
      given: { ...users, routes: "z" },
      summary: "--name is missing",
    },
  ];
  it.each(rows)("$what", ({ args, given, summary }) => {
    const { status, stdout, stderr } = makeConfig(args, given);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(summary);
    expect(stderr).not.toContain("    at ");
  });
});
