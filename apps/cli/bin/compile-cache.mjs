// Plain JavaScript for Node 20: the bootstrap uses it too.
import { homedir, platform } from "node:os";
import { join } from "node:path";

/**
 * The folder for Node's compile cache (NODE_COMPILE_CACHE): it stores compiled code, stripped types included, and Node never uses an
 * entry of another version or of a changed file. A process needs it before it imports its first module with types, because the
 * program that strips them takes 20 MiB and a tenth of a second. A folder that cannot be written changes nothing. Not in the system's
 * temporary folder, Node's default: another user could put code there.
 */
export function compileCacheFolder({ NODE_COMPILE_CACHE: given, XDG_CACHE_HOME: named = "" }) {
  if (given !== undefined) return given;
  // The XDG specification ignores relative paths.
  if (named.startsWith("/")) return join(named, "shoal");
  return join(platform() === "darwin" ? join(homedir(), "Library", "Caches") : join(homedir(), ".cache"), "shoal");
}
