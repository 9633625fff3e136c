import { enableCompileCache } from "node:module";
import { homedir, platform } from "node:os";
import { join } from "node:path";

/**
 * Stores compiled code in the user's cache folder, stripped types included, for this process and the processes that it starts. Node
 * never uses an entry of another version or of a changed file. Call it before the rest of a program is imported. A folder that cannot
 * be written changes nothing. Not in the system's temporary folder, Node's default: another user could put code there.
 */
export function useCompileCache(env: NodeJS.ProcessEnv = process.env): void {
  env["NODE_COMPILE_CACHE"] ??= join(userCache(env), "shoal");
  enableCompileCache();
}

function userCache({ XDG_CACHE_HOME: named = "" }: NodeJS.ProcessEnv): string {
  // The XDG specification ignores relative paths.
  if (named.startsWith("/")) return named;
  return platform() === "darwin" ? join(homedir(), "Library", "Caches") : join(homedir(), ".cache");
}
