import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@shoal/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { diskWorkspace } from "./disk-workspace.ts";
import { sweepFolders } from "./workspace.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-workspace-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("a workspace on disk", () => {
  it("creates nothing in advance, and then only folders that its user alone can read", async () => {
    const at = join(root, "executions");
    const workspace = diskWorkspace(at, silentLogger);
    expect(await workspace.list()).toEqual([]);
    expect(await readdir(root)).toEqual([]);
    const folder = workspace.folderOf("e-1");
    await workspace.make(`${folder}/results/made`);
    await workspace.make(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await workspace.list()).toEqual(["e-1"]);
  });

  it("removes folders of a task with a longer path than the system takes", async () => {
    const workspace = diskWorkspace(root, silentLogger);
    const folder = workspace.folderOf("e-1");
    await workspace.make(folder);
    const script =
      "name=$(printf %0200d 0); for i in $(seq 30); do mkdir $name && cd $name || exit 1; done; echo >file";
    execFileSync("bash", ["-c", script], { cwd: folder });
    await workspace.clear("e-1");
    expect(await workspace.list()).toEqual([]);
  });

  it("creates an empty folder", async () => {
    const workspace = diskWorkspace(root, silentLogger);
    const folder = `${workspace.folderOf("e-1")}/inputs/0`;
    await workspace.remake(folder);
    await writeFile(join(folder, "part"), "of an earlier try");
    await workspace.remake(folder);
    expect(await readdir(folder)).toEqual([]);
  });

  it("truncates files, appends to them and writes whole ones", async () => {
    const workspace = diskWorkspace(root, silentLogger);
    const folder = workspace.folderOf("e-1");
    await workspace.make(folder);
    await writeFile(join(folder, "stdout"), "from before");
    const file = workspace.begin(`${folder}/stdout`);
    file.write(Buffer.from("a"));
    file.write(Buffer.from("b"));
    file.close();
    file.close();
    await workspace.write(`${folder}/exitCode`, "0");
    expect(await readFile(join(folder, "stdout"), "utf8")).toBe("ab");
    expect(await readFile(join(folder, "exitCode"), "utf8")).toBe("0");
  });

  it("warns once of failed output, continues, and writes no whole file in that folder", async () => {
    const warnings: string[] = [];
    const workspace = diskWorkspace(root, { info: () => {}, warn: (_, message) => warnings.push(message) });
    const results = `${workspace.folderOf("e-1")}/results`;
    const file = workspace.begin(join(results, "stdout"));
    file.write(Buffer.from("a"));
    file.close();
    expect(warnings).toEqual(["output could not be written"]);
    await workspace.make(results);
    await expect(workspace.write(join(results, "exitCode"), "0")).rejects.toMatchObject({
      code: "DATA_DIR_FAILED",
      why: expect.stringContaining("stdout"),
    });
    await workspace.clear("e-1");
    await workspace.make(results);
    await workspace.write(join(results, "exitCode"), "0");
  });

  it("removes only an execution's folder", async () => {
    const workspace = diskWorkspace(root, silentLogger);
    for (const id of ["e-1", "e-2"]) await workspace.make(`${workspace.folderOf(id)}/results`);
    await workspace.clear("e-1");
    await workspace.clear("e-1");
    expect(await workspace.list()).toEqual(["e-2"]);
  });

  it("sweeps all folders that are not in `keep`", async () => {
    const workspace = diskWorkspace(root, silentLogger);
    for (const id of ["e-1", "e-2", "e-3"]) await mkdir(workspace.folderOf(id));
    await sweepFolders(workspace, new Set(["e-2"]));
    expect(await workspace.list()).toEqual(["e-2"]);
  });

  it("passes on the disk's error", async () => {
    await writeFile(join(root, "file"), "");
    const workspace = diskWorkspace(join(root, "file"), silentLogger);
    const refused = expect.objectContaining({ code: "DATA_DIR_FAILED", why: expect.stringContaining("ENOTDIR") });
    await expect(workspace.make(workspace.folderOf("e-1"))).rejects.toEqual(refused);
  });
});
