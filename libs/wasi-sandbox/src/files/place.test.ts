import { constants, existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inside, openFile, openInside, openVolume } from "./place.ts";
import { levelsMax, resolvePath } from "./resolve-path.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-place-"));
  await mkdir(join(root, "volume", "sub"), { recursive: true });
  await mkdir(join(root, "outside"));
  await writeFile(join(root, "outside", "secret.txt"), "secret");
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Replaces a folder on the host with a link to the outside. */
async function swap(): Promise<void> {
  await rename(join(root, "volume", "sub"), join(root, "volume", "was-sub"));
  await symlink(join(root, "outside"), join(root, "volume", "sub"));
}

const held = existsSync("/proc/self/fd") ? it : it.skip;

describe("a held folder", () => {
  held("does not change when it is replaced on the host (needs /proc/self/fd)", async () => {
    const volume = await openVolume({ hostPath: join(root, "volume"), writable: true });
    const sub = await openInside(volume, "sub");
    await swap();
    await expect(openFile(inside(sub, "secret.txt"), constants.O_RDONLY)).rejects.toThrow("ENOENT");
    await sub.handle.close();
    await volume.handle.close();
  });
  it("does not open a link as a folder or a file that it has replaced", async () => {
    const volume = await openVolume({ hostPath: join(root, "volume"), writable: true });
    await swap();
    await expect(openInside(volume, "sub")).rejects.toThrow(/ENOTDIR|ELOOP/);
    await symlink(join(root, "outside", "secret.txt"), join(root, "volume", "link"));
    await expect(openFile(inside(volume, "link"), constants.O_RDONLY)).rejects.toThrow("ELOOP");
    await volume.handle.close();
  });
  held("is the start of a path, also when its own path leads elsewhere (needs /proc/self/fd)", async () => {
    const volume = await openVolume({ hostPath: join(root, "volume"), writable: true });
    const sub = await openInside(volume, "sub");
    await swap();
    const found = await resolvePath(
      sub,
      { path: "secret.txt", follow: true },
      async (resolved) => resolved.kind === "named" && resolved.found,
    );
    expect(found).toBeUndefined();
    await sub.handle.close();
    await volume.handle.close();
  });
});

describe("a deep path", () => {
  const openNow = () => readdirSync("/proc/self/fd").length;
  const deep = (levels: number) => Array.from({ length: levels }, () => "d").join("/");

  /** Resolves a path of this many levels; returns how many more descriptors than before were open meanwhile, at its end, and after it. */
  async function walked(levels: number) {
    await mkdir(join(root, "volume", deep(levels)), { recursive: true });
    const volume = await openVolume({ hostPath: join(root, "volume"), writable: true });
    const before = openNow();
    let during: number | undefined;
    const failure = await resolvePath(volume, { path: deep(levels), follow: true }, async () => {
      during = openNow() - before;
    }).catch((refused: unknown) => refused);
    const after = openNow() - before;
    await volume.handle.close();
    return { during, after, failure };
  }

  held("takes a descriptor for each level and gives it back (needs /proc/self/fd)", async () => {
    expect(await walked(levelsMax)).toEqual({ during: levelsMax, after: 0, failure: undefined });
  });
  held.each([levelsMax + 1, 1500])("is refused beyond the limit: %i levels (needs /proc/self/fd)", async (levels) => {
    expect(await walked(levels)).toEqual({ during: undefined, after: 0, failure: { errno: "NAMETOOLONG" } });
  });
});
