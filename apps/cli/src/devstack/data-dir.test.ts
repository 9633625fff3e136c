import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataDir } from "./data-dir.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-data-dir-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe("the data directory of a devstack", () => {
  it("stores passwords in a file that only its owner can read", async () => {
    const path = join(root, "data");
    openDataDir(path).passwordOf("requester");
    expect([await modeOf(path), await modeOf(join(path, "logs"))]).toEqual(["700", "700"]);
    expect(await modeOf(join(path, "passwords.json"))).toBe("600");
  });

  it("removes wider permissions from an existing folder and file", async () => {
    const [path, file] = [join(root, "data"), join(root, "data", "passwords.json")];
    await mkdir(path);
    await writeFile(file, JSON.stringify({ requester: "as before" }));
    await chmod(path, 0o755);
    await chmod(file, 0o644);
    expect(openDataDir(path).passwordOf("requester")).toBe("as before");
    expect([await modeOf(path), await modeOf(file)]).toEqual(["700", "600"]);
  });

  it("generates a password once for each user, also over a damaged file", async () => {
    const path = join(root, "data");
    await mkdir(path);
    await writeFile(join(path, "passwords.json"), "{");
    const first = openDataDir(path);
    const [one, other] = [first.passwordOf("requester"), first.passwordOf("n-1")];
    expect(one).toMatch(/^[\w-]{32}$/);
    expect(other).not.toBe(one);
    const second = openDataDir(path);
    expect([second.passwordOf("requester"), second.passwordOf("n-1")]).toEqual([one, other]);
    expect(JSON.parse(await readFile(join(path, "passwords.json"), "utf8"))).toEqual({ requester: one, "n-1": other });
  });
});
