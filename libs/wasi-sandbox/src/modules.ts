import { Fault } from "@shoal/core";
import { errnoOf, type GuestFilesystem } from "./files/guest-filesystem.ts";
import type { NamedModule } from "./module-memory.ts";

/** Reads modules from a guest's own tree. Throws a Fault TASK_INVALID that names the path of one that cannot be read. */
export async function readModules(
  files: GuestFilesystem,
  paths: readonly string[],
  bytesMax: number,
): Promise<readonly NamedModule[]> {
  const modules: NamedModule[] = [];
  let room = bytesMax;
  for (const path of paths) {
    const bytes = await readModule(files, path, room);
    if (bytes === undefined) {
      throw new Fault(
        "TASK_INVALID",
        `${path} is too large: the modules of a task may have at most ${bytesMax} bytes together`,
      );
    }
    room -= bytes.byteLength;
    modules.push({ path, bytes });
  }
  return modules;
}

async function readModule(files: GuestFilesystem, path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    // A module keeps its name, since others import it by that; its path is resolved from the root.
    return await files.read(path.startsWith("/") ? path : `/${path}`, bytesMax);
  } catch (failure) {
    const why = errnoOf(failure) === "NOENT" ? "no input has such a file" : `it cannot be read (${errnoOf(failure)})`;
    throw new Fault(
      "TASK_INVALID",
      `the module ${path} is missing: ${why}; mount it as an input, and name the path it is mounted at`,
    );
  }
}
