import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { shoalVersion } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningDevstack, runShoal, startDevstackProcess } from "./run-shoal.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
// A machine before Shoal is installed: no program of this checkout, and no nats-server.
const path = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !folder.startsWith(root))
  .join(delimiter);
const env = { ...process.env, PATH: path };
const run = promisify(execFile);

/** Builds, packs and installs the packages as npm would from a registry, into an empty prefix; resolves with the program. */
async function install(folder: string): Promise<string> {
  await run("npm", ["run", "--silent", "build"], { cwd: root });
  const [tarballs, prefix] = [join(folder, "tarballs"), join(folder, "prefix")];
  await mkdir(tarballs);
  for (const name of await readdir(join(root, "node_modules/@shoal"))) {
    const manifest: unknown = JSON.parse(
      await readFile(join(root, "node_modules/@shoal", name, "package.json"), "utf8"),
    );
    if (manifest instanceof Object && "private" in manifest && manifest.private === true) continue;
    await run("npm", ["pack", join(root, "node_modules/@shoal", name, "dist"), "--pack-destination", tarballs], {
      env,
    });
  }
  const files = (await readdir(tarballs)).map((name) => join(tarballs, name));
  await run("npm", ["install", "--global", "--prefix", prefix, "--prefer-offline", "--no-audit", ...files], { env });
  return join(prefix, "bin", "shoal");
}

// (module (func (export "_start")))
const emptyModule = "AGFzbQEAAAABBAFgAAADAgEABwoBBl9zdGFydAAACgQBAgAL";
const wasm = {
  Type: "batch",
  Tasks: [
    {
      Name: "main",
      Engine: { Type: "wasm", Params: { EntryModule: "/app/main.wasm" } },
      InputSources: [
        {
          Source: { Type: "inline", Params: { URL: `data:application/wasm;base64,${emptyModule}` } },
          Target: "/app/main.wasm",
        },
      ],
    },
  ],
};

describe("the packages, installed into an empty prefix", () => {
  let folder = "";
  let program = "";
  let devstack: RunningDevstack;
  const options = () => ({ program, env });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "shoal-published-"));
    program = await install(folder);
    const dataDir = join(folder, "data");
    const args = ["--nodes", "1", "--requesters", "1"];
    devstack = await startDevstackProcess(dataDir, args, options()).catch(async (failure: Error) => {
      // npm on a Node older than 22 leaves nats-server out; the error names the command that installs it.
      const [, command = ""] = /run "npm (install [^"]+)"/.exec(failure.message) ?? [];
      expect(command, failure.message).toContain(join(folder, "prefix"));
      await run("npm", [...command.split(" "), "--prefer-offline", "--no-audit"], { env });
      return startDevstackProcess(dataDir, args, options());
    });
  }, 240_000);
  afterAll(async () => {
    const code = await devstack?.stop();
    await rm(folder, { recursive: true, force: true });
    expect(code).toBe(0);
  });

  it("know their version", async () => {
    const { code, stdout } = await runShoal(["--version"], options());
    expect([code, stdout]).toEqual([0, `Shoal v${shoalVersion}\n`]);
  });

  it.skipIf(process.platform !== "linux")("run in one process (needs /proc)", async () => {
    const child = spawn(program, ["events", "--api-host", devstack.apiHost], { env, stdio: "ignore" });
    const ended = once(child, "exit");
    await once(child, "spawn");
    const children = () => readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
    const name = () => readFile(`/proc/${child.pid}/cmdline`, "utf8");
    while (!(await name()).includes("shoal.mjs")) expect(child.exitCode).toBeNull();
    expect(await children()).toBe("");
    child.kill("SIGTERM");
    await ended;
  });

  it("run a job in a WebAssembly sandbox", async () => {
    const input = JSON.stringify(wasm);
    const { code, stdout } = await runShoal(["job", "run", "-"], { ...options(), api: devstack.apiHost, input });
    expect(stdout).toContain("Completed successfully");
    expect(code).toBe(0);
  });

  it("replay the log", async () => {
    const { code, stdout } = await runShoal(["replay", "--data-dir", devstack.dataDir], options());
    expect(stdout).toContain("identical");
    expect(code).toBe(0);
  });
});
