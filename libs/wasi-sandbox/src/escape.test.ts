import { spawnSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errnoNames, errnoNumber } from "./sandbox/errno.ts";
import { type Pen, program, root } from "./testing/program.ts";
import { type Asking, onStage, textsIn } from "./testing/stage.ts";

const stage = onStage();

/** A volume with links that stay inside, and links that lead to a secret beside it. */
async function trap(): Promise<{ readonly asking: Asking; readonly outside: string }> {
  const parent = await stage.folder("trap");
  const [volume, outside] = [join(parent, "volume"), join(parent, "outside")];
  await mkdir(join(volume, "sub"), { recursive: true });
  await mkdir(outside);
  await writeFile(join(outside, "secret.txt"), "secret");
  await writeFile(join(volume, "plain.txt"), "plain");
  await writeFile(join(volume, "sub", "deep.txt"), "deep");
  const links = {
    "good-file": "plain.txt",
    "good-dir": "sub",
    "sub/good-up": "../plain.txt",
    "good-chain": "good-dir/good-up",
    "bad-file": join(outside, "secret.txt"),
    "bad-dir": outside,
    "bad-relative-file": "../outside/secret.txt",
    "bad-relative-dir": "../outside",
    "sub/bad-up": "../../outside",
    "bad-chain": "good-dir/bad-up",
    "bad-root": "/",
    "bad-here": join(volume, "plain.txt"),
    circle: "circle",
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(volume, name));
  return { asking: { inputs: [{ hostPath: volume, target: "/in", readOnly: true }] }, outside };
}

/** What a guest's calls answer, in one run; each call is made by the pen. */
async function errorsOf(asking: Asking, calls: readonly ((pen: Pen) => string)[]): Promise<readonly string[]> {
  const { exit, stdout } = await stage.run(
    program((pen) => [pen.emit(calls.map((call) => call(pen)))]),
    asking,
  );
  expect(exit).toEqual({ exitCode: 0 });
  return [...Buffer.from(stdout)].map((number) => errnoNames[number] ?? `${number}`);
}

const opening = (folder: number, path: string, follow = 1) => {
  return (pen: Pen) => pen.call("path_open", folder, follow, pen.text(path), 0, 2n, 0n, 0, pen.room(4));
};

// Descriptors of the folders that are open from the start, in the order of inputs and outputs.
const [inFolder, madeFolder] = [5, 6];

describe("a path of a guest", () => {
  it("leads to everything in the guest's tree, over links within a volume", async () => {
    const paths = [
      [root, "in/plain.txt"],
      [root, "in"],
      [root, "."],
      [inFolder, "plain.txt"],
      [inFolder, "./sub/../plain.txt"],
      [inFolder, "good-file"],
      [root, "in/good-dir/deep.txt"],
      [root, "in/good-dir/"],
      [inFolder, "sub/good-up"],
      [root, "in/good-chain"],
    ] as const;
    const { asking } = await trap();
    const errors = await errorsOf(
      asking,
      paths.map(([folder, path]) => opening(folder, path)),
    );
    expect(errors).toEqual(paths.map(() => "SUCCESS"));
  });

  it("leads to nothing outside the guest's tree", async () => {
    const rows = [
      [root, "..", "NOTCAPABLE"],
      [root, "../etc/hostname", "NOTCAPABLE"],
      [root, "in/../../etc/hostname", "NOTCAPABLE"],
      [inFolder, "..", "NOTCAPABLE"],
      [inFolder, "../in/plain.txt", "NOTCAPABLE"],
      [inFolder, "sub/../../plain.txt", "NOTCAPABLE"],
      [root, "/", "NOTCAPABLE"],
      [root, "/etc/hostname", "NOTCAPABLE"],
      [root, "//etc/hostname", "NOTCAPABLE"],
      [root, "etc/hostname", "NOENT"],
      [root, "in/bad-file", "NOTCAPABLE"],
      [root, "in/bad-dir/secret.txt", "NOTCAPABLE"],
      [root, "in/bad-dir", "NOTCAPABLE"],
      [root, "in/bad-dir/", "NOTCAPABLE"],
      [root, "in/bad-relative-file", "NOTCAPABLE"],
      [inFolder, "bad-relative-dir/secret.txt", "NOTCAPABLE"],
      [root, "in/bad-chain/secret.txt", "NOTCAPABLE"],
      [root, "in/bad-root/etc/hostname", "NOTCAPABLE"],
      [root, "in/bad-here", "NOTCAPABLE"],
      [root, "in/circle", "LOOP"],
      [root, "in/plain.txt/../plain.txt", "NOTDIR"],
      [root, "in/plain.txt/", "NOTDIR"],
      [root, "", "NOENT"],
      [root, "in/plain.txt\0.png", "INVAL"],
      [root, `in/${"x".repeat(300)}`, "NAMETOOLONG"],
      [root, `in/${"x/".repeat(3000)}`, "NAMETOOLONG"],
    ] as const;
    const { asking } = await trap();
    const errors = await errorsOf(
      asking,
      rows.map(([folder, path]) => opening(folder, path)),
    );
    expect(rows.map(([folder, path], index) => [folder, path, errors[index]])).toEqual(rows);
  });

  it("does not follow a link when the link itself is requested", async () => {
    const { asking } = await trap();
    expect(await errorsOf(asking, [opening(root, "in/good-file", 0), opening(root, "in/bad-file", 0)])).toEqual([
      "LOOP",
      "LOOP",
    ]);
  });

  it("does not lead out of a subfolder that the guest has opened", async () => {
    const { asking } = await trap();
    const { exit } = await stage.run(
      program((pen) => {
        const sub = pen.open(inFolder, "sub", { directory: true });
        const up = pen.must("path_open", sub.fd, 1, pen.text("../plain.txt"), 0, 2n, 0n, 0, pen.room(4));
        return [sub.step, up];
      }),
      asking,
    );
    expect(exit).toEqual({ exitCode: errnoNumber["NOTCAPABLE"] });
  });

  it("does not make the node wait for a pipe", async () => {
    const volume = await stage.folder("pipe");
    spawnSync("mkfifo", [join(volume, "pipe")]);
    const asking = { inputs: [{ hostPath: volume, target: "/in", readOnly: true }] };
    expect(await errorsOf(asking, [opening(root, "in/pipe")])).toEqual(["NOTSUP"]);
  });
});

describe("a guest that tries to change its tree", () => {
  const creating = (pen: Pen, folder: number, path: string) =>
    pen.call("path_open", folder, 0, pen.text(path), 1, 64n, 0n, 0, pen.room(4));
  const renaming = (from: string, toFolder: number, to: string) => (pen: Pen) =>
    pen.call("path_rename", inFolder, pen.text(from), toFolder, pen.text(to));

  it("creates no links", async () => {
    const { asking } = await trap();
    const errors = await errorsOf(asking, [
      (pen) => pen.call("path_symlink", pen.text("/etc"), madeFolder, pen.text("etc")),
      (pen) => pen.call("path_link", inFolder, 0, pen.text("plain.txt"), madeFolder, pen.text("plain.txt")),
      opening(madeFolder, "etc/hostname"),
      opening(madeFolder, "plain.txt"),
    ]);
    expect(errors).toEqual(["NOTSUP", "NOTSUP", "NOENT", "NOENT"]);
  });

  it("moves nothing out of a read-only volume, and nothing out of its tree", async () => {
    const rows = [
      ["plain.txt", madeFolder, "x", "ROFS"],
      ["bad-dir", madeFolder, "x", "ROFS"],
      ["sub", madeFolder, "x", "ROFS"],
      ["../made", madeFolder, "x", "NOTCAPABLE"],
      ["plain.txt", madeFolder, "../x", "NOTCAPABLE"],
      ["plain.txt", madeFolder, "/x", "NOTCAPABLE"],
      ["plain.txt", root, "x", "ROFS"],
    ] as const;
    const { asking } = await trap();
    const errors = await errorsOf(
      asking,
      rows.map(([from, toFolder, to]) => renaming(from, toFolder, to)),
    );
    expect(rows.map(([from, toFolder, to], index) => [from, toFolder, to, errors[index]])).toEqual(rows);
  });

  it("changes nothing in a read-only volume, nor in its root", async () => {
    const { asking } = await trap();
    const calls: readonly ((pen: Pen) => string)[] = [
      (pen) => pen.call("path_unlink_file", inFolder, pen.text("plain.txt")),
      (pen) => pen.call("path_remove_directory", inFolder, pen.text("sub")),
      (pen) => pen.call("path_create_directory", inFolder, pen.text("new")),
      (pen) => pen.call("path_create_directory", root, pen.text("new/")),
      (pen) => pen.call("path_remove_directory", root, pen.text("in")),
      (pen) => pen.call("path_open", inFolder, 0, pen.text("plain.txt"), 8, 2n, 0n, 0, pen.room(4)),
      (pen) => pen.call("path_open", inFolder, 0, pen.text("plain.txt"), 0, 64n, 0n, 0, pen.room(4)),
      (pen) => creating(pen, inFolder, "new.txt"),
      (pen) => creating(pen, root, "new.txt"),
    ];
    expect(await errorsOf(asking, calls)).toEqual(calls.map(() => "ROFS"));
    const volume = asking.inputs?.[0]?.hostPath ?? "";
    expect(await textsIn(volume)).toEqual({ "plain.txt": "plain", "sub/deep.txt": "deep" });
  });

  it("gains nothing when it renames a link of the host in a writable folder", async () => {
    const { asking, outside } = await trap();
    const writable = { inputs: (asking.inputs ?? []).map((input) => ({ ...input, readOnly: false })) };
    const errors = await errorsOf(writable, [
      renaming("bad-dir", inFolder, "moved"),
      (pen) => creating(pen, inFolder, "moved/new.txt"),
      (pen) => pen.call("path_unlink_file", inFolder, pen.text("moved/secret.txt")),
      (pen) => creating(pen, inFolder, "bad-file"),
    ]);
    expect(errors).toEqual(["SUCCESS", "NOTCAPABLE", "NOTCAPABLE", "LOOP"]);
    expect(await textsIn(outside)).toEqual({ "secret.txt": "secret" });
  });

  it("cannot create a name that breaks an archive or a page", async () => {
    const { asking } = await trap();
    expect(await errorsOf(asking, [(pen) => creating(pen, madeFolder, "a\nb")])).toEqual(["INVAL"]);
  });
});
