import { execFile } from "node:child_process";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { descriptorPath } from "../../held-path.ts";
import { sourceContract } from "../contract.ts";
import { allowed } from "./allow-list.ts";
import { local } from "./local.ts";
import { isSteady } from "./writers.ts";

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
const allowedLines = (lines: readonly string[]) => lines.map(allowed);

/** Replaces `path` with a link to `to`, as another task or user would. */
async function swap(path: string, to: string): Promise<void> {
  await rename(at(path), at(`${path}-was`));
  await symlink(at(to), at(path));
}

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

/** The source's verdict: the path that it would fetch, or why not. Both methods must agree. */
async function ask(allow: readonly string[], request: object): Promise<string> {
  const source = local({ allow: allow.map((line) => `${root}${line}`) });
  const params = source.params.parse(request);
  const why = await source.refuses(params);
  const partition = { index: 0, count: 1 };
  const fetchRequest = {
    namespace: "default",
    params,
    partition,
    folder: root,
    room: { take: () => {} },
    signal: new AbortController().signal,
  };
  const end = await source.fetch(fetchRequest).then(
    async ({ hostPath, readOnly, held }) => {
      await held?.close();
      return `${hostPath}${readOnly ? "" : " rw"}`;
    },
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
    ["/open/**", "/open/absent", "/open/absent does not exist on this node"],
    ["/open/f.le", "/open/file", "this node does not allow /open/file"],
  ])("under %s: %s is answered with %s", async (allow, path, answer) => {
    expect(await ask([allow], { SourcePath: at(path) })).toBe(answer);
  });

  it("is writable only where the allow list permits it", async () => {
    const request = { SourcePath: at("open/file"), ReadWrite: true };
    expect(await ask(["/open/**:rw"], request)).toBe("/open/file rw");
    expect(await ask(["/open/**:rw"], { SourcePath: at("open/file") })).toBe("/open/file");
    for (const line of ["/open/**:ro", "/open/**"]) {
      expect(await ask([line], request)).toBe("this node allows /open/file read-only");
    }
    expect(await ask(["/open/**", "/open/file:rw"], request)).toBe("/open/file rw");
  });

  it("follows a link only to an allowed target", async () => {
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

  it("is found where the allow list names a link", async () => {
    await symlink(at("open"), at("alias"));
    expect(await ask(["/alias/**"], { SourcePath: at("alias/file") })).toBe("/open/file");
    expect(await ask(["/alias/**"], { SourcePath: at("open/file") })).toContain("does not allow");
  });

  it("is what was checked, whatever replaces it afterwards", async () => {
    const source = local({ allow: [`${root}/open/**`] });
    const params = source.params.parse({ SourcePath: at("open/deep") });
    const fetchRequest = {
      params,
      namespace: "default",
      partition: { index: 0, count: 1 },
      folder: root,
      room: { take: () => {} },
    };
    await writeFile(at("open/deep/inside"), "judged");
    const { held } = await source.fetch({ ...fetchRequest, signal: new AbortController().signal });
    await swap("open/deep", "closed");
    expect(await readFile(`${descriptorPath(held?.fd ?? -1)}/inside`, "utf8")).toBe("judged");
    await held?.close();
  });

  it.each([
    ["/open/**:ro", "open", true],
    ["/open/**:ro", "open/deep", true],
    ["/open/**:rw", "open", true],
    ["/open/**:rw", "open/deep", false],
    ["/**:rw", "open", false],
  ])("under %s: that only this node's user can replace %s is %s", async (line, path, steady) => {
    const source = local({ allow: [`${root}${line}`] });
    const params = source.params.parse({ SourcePath: at(path) });
    const fetchRequest = {
      params,
      namespace: "default",
      partition: { index: 0, count: 1 },
      folder: root,
      room: { take: () => {} },
    };
    const { held } = await source.fetch({ ...fetchRequest, signal: new AbortController().signal });
    expect(held?.steady).toBe(steady);
    await held?.close();
  });

  it("is not steady below a folder that others may write or own", async () => {
    await mkdir(at("open/shared/below"), { recursive: true });
    await chmod(at("open/shared"), 0o777);
    const allow = allowedLines([`${root}/open/**`]);
    expect(await isSteady(allow, at("open/shared"))).toBe(true);
    expect(await isSteady(allow, at("open/shared/below"))).toBe(false);
    await chmod(at("open/shared"), 0o1777);
    expect(await isSteady(allow, at("open/shared/below"))).toBe(true);
  });

  it.skipIf(process.geteuid?.() !== 0)("is not steady where another user owns a folder (needs root)", async () => {
    await mkdir(at("open/theirs/below"), { recursive: true });
    // 65534: the unprivileged user of most Linux systems.
    await chown(at("open/theirs"), 65_534, 65_534);
    const allow = allowedLines([`${root}/open/**`]);
    expect(await isSteady(allow, at("open/theirs"))).toBe(true);
    expect(await isSteady(allow, at("open/theirs/below"))).toBe(false);
  });

  it("does not follow a listed link that a task may have put there", async () => {
    await mkdir(at("open/listed"));
    await swap("open/listed", "closed");
    const asked = { SourcePath: at("open/listed/file") };
    expect(await ask(["/open/listed/**"], asked)).toBe("/closed/file");
    expect(await ask(["/open:rw", "/open/listed/**"], asked)).toContain("leads to /closed/file");
  });

  it("is created on request, only where writing is allowed", async () => {
    expect(await ask(["/open/**:rw"], { SourcePath: at("open/new/dir"), CreateAs: "dir" })).toBe("/open/new/dir");
    expect((await stat(at("open/new/dir"))).isDirectory()).toBe(true);
    expect(await ask(["/open/**:rw"], { SourcePath: at("open/new/file"), CreateAs: "file" })).toBe("/open/new/file");
    expect(await readFile(at("open/new/file"), "utf8")).toBe("");
    expect(await ask(["/open/**"], { SourcePath: at("open/other"), CreateAs: "dir" })).toContain("read-only");
    await expect(stat(at("open/other"))).rejects.toThrow("ENOENT");
    expect(await ask(["/open/**"], { SourcePath: at("open/file"), CreateAs: "file" })).toBe("/open/file");
    expect(await readFile(at("open/file"), "utf8")).toBe("open");
  });

  it.each(["open/dangling", "open/dangling/below"])(
    "is not created behind a link that leads nowhere: %s",
    async (path) => {
      await symlink(at("closed/new"), at("open/dangling"));
      for (const CreateAs of ["dir", "file"]) {
        expect(await ask(["/open/**:rw"], { SourcePath: at(path), CreateAs })).toContain("leads nowhere");
      }
      await expect(stat(at("closed/new"))).rejects.toThrow("ENOENT");
    },
  );

  it("is only a file or a folder", async () => {
    await promisify(execFile)("mkfifo", [at("open/pipe")]);
    expect(await ask(["/open/**"], { SourcePath: at("open/pipe") })).toContain("neither a file nor a folder");
  });

  it.each(["relative", "/open/../closed", "", "/nul\0"])("does not parse %o", (SourcePath) => {
    expect(local({ allow: [] }).params.safeParse({ SourcePath }).success).toBe(false);
  });

  it("is not available on a node with an empty allow list", async () => {
    expect(await local({ allow: [] }).unavailable()).toBe("this node allows no local paths");
  });

  it("is also registered under its older name", () => {
    expect(local({ name: "localdirectory", allow: [] }).name).toBe("localdirectory");
  });
});
