import { constants, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inside, openFile, openInside, openVolume } from "./place.ts";
import { walk } from "./walk.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-place-"));
  await mkdir(join(root, "volume", "sub"), { recursive: true });
  await mkdir(join(root, "outside"));
  await writeFile(join(root, "outside", "secret.txt"), "secret");
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Somebody on the host puts a link to the outside in the place of a folder. */
async function swap(): Promise<void> {
  await rename(join(root, "volume", "sub"), join(root, "volume", "was-sub"));
  await symlink(join(root, "outside"), join(root, "volume", "sub"));
}

const held = existsSync("/proc/self/fd") ? it : it.skip;

describe("a held folder", () => {
  held("stays itself when it is replaced on the host (needs /proc/self/fd)", async () => {
    const volume = await openVolume({ hostPath: join(root, "volume"), writable: true });
    const sub = await openInside(volume, "sub");
    await swap();
    await expect(openFile(inside(sub, "secret.txt"), constants.O_RDONLY)).rejects.toThrow("ENOENT");
    await sub.handle.close();
    await volume.handle.close();
  });
  it("does not open a link as a folder, nor as a file, whatever it was taken for before", async () => {
    const volume = await openVolume({ hostPath: join(root, "volume"), writable: true });
    await swap();
    await expect(openInside(volume, "sub")).rejects.toThrow(/ENOTDIR|ELOOP/);
    await symlink(join(root, "outside", "secret.txt"), join(root, "volume", "link"));
    await expect(openFile(inside(volume, "link"), constants.O_RDONLY)).rejects.toThrow("ELOOP");
    await volume.handle.close();
  });
  held("is walked from, not from where its path leads now (needs /proc/self/fd)", async () => {
    const volume = await openVolume({ hostPath: join(root, "volume"), writable: true });
    const sub = await openInside(volume, "sub");
    await swap();
    const found = await walk(
      sub,
      { path: "secret.txt", follow: true },
      async (spot) => spot.kind === "named" && spot.found,
    );
    expect(found).toBeUndefined();
    await sub.handle.close();
    await volume.handle.close();
  });
});
