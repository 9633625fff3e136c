import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { shoalVersion } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningDevstack, runShoal, startDevstackProcess } from "./run-shoal.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Lays built packages out as an installation from a registry would: our own as they are published, all others as installed here. */
async function layOut(folder: string): Promise<string> {
  const [from, to] = [join(root, "node_modules"), join(folder, "node_modules")];
  await mkdir(join(to, "@shoal"), { recursive: true });
  for (const name of await readdir(from))
    if (name !== "@shoal" && name !== ".bin") await symlink(join(from, name), join(to, name));
  // Each is a link to its workspace there.
  for (const name of await readdir(join(from, "@shoal")))
    await cp(join(from, "@shoal", name, "dist"), join(to, "@shoal", name), { recursive: true });
  return join(to, "@shoal", "cli", "bin", "shoal.mjs");
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

describe("the packages as they are published", () => {
  let folder = "";
  let program = "";
  let devstack: RunningDevstack;
  beforeAll(async () => {
    await promisify(execFile)("npm", ["run", "--silent", "build"], { cwd: root });
    folder = await mkdtemp(join(tmpdir(), "shoal-published-"));
    program = await layOut(folder);
    devstack = await startDevstackProcess(join(folder, "data"), ["--nodes", "1", "--requesters", "1"], { program });
  }, 120_000);
  afterAll(async () => {
    const code = await devstack.stop();
    await rm(folder, { recursive: true, force: true });
    expect(code).toBe(0);
  });

  it("know their version", async () => {
    const { code, stdout } = await runShoal(["--version"], { program });
    expect([code, stdout]).toEqual([0, `Shoal v${shoalVersion}\n`]);
  });

  it("run a job in a WebAssembly cell", async () => {
    const input = JSON.stringify(wasm);
    const { code, stdout } = await runShoal(["job", "run", "-"], { program, api: devstack.apiHost, input });
    expect(stdout).toContain("Completed successfully");
    expect(code).toBe(0);
  });

  it("replay the log on threads of their own", async () => {
    const { code, stdout } = await runShoal(["replay", "--data-dir", devstack.dataDir], { program });
    expect(stdout).toContain("identical");
    expect(code).toBe(0);
  });
});
