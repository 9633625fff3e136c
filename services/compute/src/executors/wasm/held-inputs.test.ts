import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onStage, program, root } from "@shoal/wasi-sandbox/testing";
import { describe, expect, it } from "vitest";
import { local } from "../../sources/local/local.ts";
import type { Input } from "../executor.ts";

const stage = onStage();

/** An input as the local source fetches it, replaced with a link to a secret of the same name before it is mounted. */
async function swapped(path: "dir" | "dir/text.txt"): Promise<Input> {
  const parent = await stage.folder("swapped");
  for (const name of ["dir", "outside"]) await mkdir(join(parent, name));
  await writeFile(join(parent, "dir/text.txt"), "judged");
  await writeFile(join(parent, "outside/text.txt"), "secret");
  const source = local({ allow: [`${parent}/**:rw`] });
  const { hostPath, held, readOnly } = await source.fetch({
    params: source.params.parse({ SourcePath: join(parent, path) }),
    partition: { index: 0, count: 1 },
    folder: parent,
    namespace: "default",
    room: { take: () => {} },
    signal: new AbortController().signal,
  });
  await rename(join(parent, path), join(parent, "was"));
  await symlink(join(parent, path === "dir" ? "outside" : "outside/text.txt"), join(parent, path));
  if (held === undefined) throw new Error("expected the source to hold what it judged");
  return { hostPath, held, readOnly, target: path === "dir" ? "/in" : "/in/text.txt" };
}

describe("an input that a link replaces after the check", () => {
  it.each(["dir", "dir/text.txt"] as const)("is the checked file: %s", async (path) => {
    const input = await swapped(path);
    const { exit, stdout } = await stage.run(
      program((pen) => {
        const file = pen.open(root, "in/text.txt");
        const { step, list } = pen.buffer(6);
        const read = pen.must("fd_read", file.fd, list, 1, pen.room(4));
        return [file.step, step, read, pen.must("fd_write", 1, list, 1, pen.room(4))];
      }),
      { inputs: [input] },
    );
    await input.held?.close();
    expect({ exit, stdout }).toEqual({ exit: { exitCode: 0 }, stdout: "judged" });
  });
});
