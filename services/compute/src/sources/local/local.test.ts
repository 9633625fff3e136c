import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sourceContract } from "../contract.ts";
import { local } from "./local.ts";

let root = "";
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "shoal-local-")));
  await mkdir(join(root, "open/deep"), { recursive: true });
  await mkdir(join(root, "closed"));
  await writeFile(join(root, "open/file"), "open");
  await writeFile(join(root, "closed/file"), "closed");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (path: string) => join(root, path);

sourceContract("local", {
  source: () => local({ allow: [`${root}/open/**`] }),
  makers: {
    file: async (bytes) => {
      await writeFile(at("open/bytes"), bytes);
      return { SourcePath: at("open/bytes") };
    },
    folder: async (text) => {
      await writeFile(at("open/deep/inside.txt"), text);
      return { SourcePath: at("open/deep") };
    },
    invalid: () => ({ SourcePath: "not/absolute" }),
    refused: () => ({ SourcePath: at("closed/file") }),
    absent: () => ({ SourcePath: at("open/absent") }),
  },
  copies: false,
});

/** What the source says: a path that it would bring in, or why not. Both ways of asking must agree. */
async function ask(allow: readonly string[], wanted: object): Promise<string> {
  const source = local({ allow: allow.map((line) => `${root}${line}`) });
  const params = source.params.parse(wanted);
  const why = await source.refuses(params);
  const partition = { index: 0, count: 1 };
  const want = { params, partition, folder: root, room: { take: () => {} }, signal: new AbortController().signal };
  const end = await source.fetch(want).then(
    ({ hostPath, readOnly }) => `${hostPath}${readOnly ? "" : " rw"}`,
    (fault) => {
      expect(fault.code).toBe("INPUT_UNAVAILABLE");
      return fault.why;
    },
  );
  if (why !== undefined) expect(end).toBe(why);
  return end.replaceAll(root, "");
}

describe("a local input", () => {
  it.each([
    ["/open/**", "/open/file", "/open/file"],
    ["/open/**", "/open/deep/", "/open/deep"],
    ["/open/**", "/open", "/open"],
    ["/open/*", "/open/file", "/open/file"],
    ["/open", "/open", "/open"],
    ["/op?n/f*e", "/open/file", "/open/file"],
    ["/**/file", "/closed/file", "/closed/file"],
    ["/open/*", "/open", "this node does not allow /open"],
    ["/open", "/open/file", "this node does not allow /open/file"],
    ["/open/**", "/openness", "this node does not allow /openness"],
    ["/open/*", "/open/deep/er", "this node does not allow /open/deep/er"],
    ["/open/**", "/closed/file", "this node does not allow /closed/file"],
    ["/open/**", "/open/absent", "there is no /open/absent on this node"],
    ["/open/f.le", "/open/file", "this node does not allow /open/file"],
  ])("under %s: %s is answered with %s", async (allow, path, answer) => {
    expect(await ask([allow], { SourcePath: at(path) })).toBe(answer);
  });

  it("may be written only where that is allowed", async () => {
    const wanted = { SourcePath: at("open/file"), ReadWrite: true };
    expect(await ask(["/open/**:rw"], wanted)).toBe("/open/file rw");
    expect(await ask(["/open/**:rw"], { SourcePath: at("open/file") })).toBe("/open/file");
    for (const line of ["/open/**:ro", "/open/**"]) {
      expect(await ask([line], wanted)).toBe("this node allows /open/file only to be read");
    }
    expect(await ask(["/open/**", "/open/file:rw"], wanted)).toBe("/open/file rw");
  });

  it("follows a link only to where that is allowed", async () => {
    await symlink(at("closed"), at("open/out"));
    await symlink("deep", at("open/in"));
    await symlink(at("nowhere"), at("open/dangling"));
    const refused = "/open/out leads to /closed, which this node does not allow";
    expect(await ask(["/open/**"], { SourcePath: at("open/out") })).toBe(refused);
    expect(await ask(["/open/**"], { SourcePath: at("open/out/file") })).toContain("leads to /closed/file");
    expect(await ask(["/open/**"], { SourcePath: at("open/in") })).toBe("/open/deep");
    expect(await ask(["/open/**", "/closed/**"], { SourcePath: at("open/out") })).toBe("/closed");
    expect(await ask(["/open/**:rw", "/closed/**"], { SourcePath: at("open/out"), ReadWrite: true })).toContain(
      "to be written",
    );
    expect(await ask(["/open/**"], { SourcePath: at("open/dangling") })).toContain("a link that leads nowhere");
  });

  it("is found where the allow list itself names a link", async () => {
    await symlink(at("open"), at("alias"));
    expect(await ask(["/alias/**"], { SourcePath: at("alias/file") })).toBe("/open/file");
    expect(await ask(["/alias/**"], { SourcePath: at("open/file") })).toContain("does not allow");
  });

  it("is made when that is wanted, and only where writing is allowed", async () => {
    expect(await ask(["/open/**:rw"], { SourcePath: at("open/new/dir"), CreateAs: "dir" })).toBe("/open/new/dir");
    expect((await stat(at("open/new/dir"))).isDirectory()).toBe(true);
    expect(await ask(["/open/**:rw"], { SourcePath: at("open/new/file"), CreateAs: "file" })).toBe("/open/new/file");
    expect(await readFile(at("open/new/file"), "utf8")).toBe("");
    expect(await ask(["/open/**"], { SourcePath: at("open/other"), CreateAs: "dir" })).toContain("only to be read");
    await expect(stat(at("open/other"))).rejects.toThrow("ENOENT");
    expect(await ask(["/open/**"], { SourcePath: at("open/file"), CreateAs: "file" })).toBe("/open/file");
    expect(await readFile(at("open/file"), "utf8")).toBe("open");
  });

  it.each(["open/dangling", "open/dangling/below"])(
    "is not made behind a link that leads nowhere: %s",
    async (path) => {
      await symlink(at("closed/new"), at("open/dangling"));
      for (const CreateAs of ["dir", "file"]) {
        expect(await ask(["/open/**:rw"], { SourcePath: at(path), CreateAs })).toContain("leads nowhere");
      }
      await expect(stat(at("closed/new"))).rejects.toThrow("ENOENT");
    },
  );

  it("is a file or a folder and nothing else", async () => {
    await promisify(execFile)("mkfifo", [at("open/pipe")]);
    expect(await ask(["/open/**"], { SourcePath: at("open/pipe") })).toContain("neither a file nor a folder");
  });

  it.each(["relative", "/open/../closed", "", "/nul\0"])("does not parse %o", (SourcePath) => {
    expect(local({ allow: [] }).params.safeParse({ SourcePath }).success).toBe(false);
  });

  it("is not offered by a node that allows nothing", async () => {
    expect(await local({ allow: [] }).unavailable()).toBe("this node allows no paths of its own");
  });

  it("goes by its older name too", () => {
    expect(local({ name: "localdirectory", allow: [] }).name).toBe("localdirectory");
  });
});
