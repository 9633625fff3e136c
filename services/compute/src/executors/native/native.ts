import { execFile } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Clock, causeOf, Fault } from "@shoal/core";
import { engineParams } from "@shoal/proto";
import type { Cgroups } from "@shoal/wasi-sandbox";
import type { Executor, Workload } from "../executor.ts";
import { followRun, killRun } from "./follow-run.ts";
import type { NativeSettings } from "./native-settings.ts";
import { nativeUser } from "./native-user.ts";
import { RunFolder, runsIn } from "./run-folder.ts";
import { environmentScript, sandboxCommand } from "./sandbox-command.ts";

export interface NativeOptions {
  readonly clock: Clock;
  /** The folder of all runs: of this node alone, and closed to others. */
  readonly folder: string;
  readonly settings: NativeSettings;
  /** Groups that limit memory, processors and processes of each run; without them memory is watched, processors are shared. */
  readonly cgroups?: Cgroups | undefined;
}

const run = promisify(execFile);
const tools = ["bwrap", "setpriv", "prlimit"];
const programFolders = ["/usr/local/bin", "/usr/bin", "/bin"];
// The folder above belongs to the node and is closed: only the task sees them.
const openMode = 0o777;

/**
 * Runs programs of this machine as an unprivileged user, in namespaces of bubblewrap. A run outlives the node's process: its wrapper
 * stores the exit code, and its output is in files until `sweep` is called without its id.
 */
export function native(options: NativeOptions): Executor {
  const { clock, folder: root, settings, cgroups } = options;
  const closed = new AbortController();
  const folderOf = (workload: Workload) => new RunFolder(root, workload.id);
  return {
    name: "native",
    params: engineParams.native,
    remembers: true,
    unavailable: async () => unavailable(settings),
    async start(workload) {
      const params = engineParams.native.parse(workload.params);
      const user = nativeUser(settings.user);
      if (typeof user === "string") throw new Fault("ENGINE_FAILED", user);
      requireProgram(params.Command, workload);
      await openPaths(workload);
      const group = cgroups?.make();
      group?.limit(workload.resources);
      const command = [...(group?.prefix ?? []), ...sandboxCommand({ workload, params, user, settings })];
      const folder = folderOf(workload);
      const started = await folder.start(command, environmentScript(workload.env));
      return followRun({ clock, workload, folder, group, closed: closed.signal, ...started });
    },
    async attach(workload) {
      const folder = folderOf(workload);
      const wrapper = await folder.begun();
      if (wrapper !== undefined)
        return followRun({
          ...{ clock, workload, folder, wrapper, closed: closed.signal },
          ...{ group: undefined, ended: new Promise(() => {}) },
        });
      // A process died before the run began. Without its folder it never begins, so the workload may be started again.
      await folder.remove();
      return undefined;
    },
    async sweep(keep) {
      for (const id of await runsIn(root)) {
        if (keep.has(id)) continue;
        const folder = new RunFolder(root, id);
        const wrapper = await folder.begun();
        if (wrapper !== undefined) await killRun(clock, wrapper);
        await folder.remove();
      }
    },
    close: async () => closed.abort(),
  };
}

/** Why this machine cannot run native tasks now. */
function unavailable({ user }: NativeSettings): string | undefined {
  if (process.getuid?.() !== 0) return "it needs root, to run tasks as another user";
  const missing = tools.filter((tool) => !["/usr/bin", "/bin"].some((folder) => isProgram(join(folder, tool))));
  if (missing.length > 0) return `it needs ${missing.join(", ")} (Debian: bubblewrap, util-linux)`;
  const found = nativeUser(user);
  return typeof found === "string" ? found : undefined;
}

/** Throws Fault TASK_INVALID when the machine has no such program, and no input or output of the task can have it. */
function requireProgram(command: string, { inputs, outputs }: Workload): void {
  if (!command.includes("/")) {
    if (programFolders.some((folder) => isProgram(join(folder, command)))) return;
    throw new Fault("TASK_INVALID", `no program ${command} in ${programFolders.join(", ")} of this node`);
  }
  const isBelow = (path: string) => command.startsWith(`${path.replace(/\/+$/, "")}/`) || command === path;
  const isOfTask =
    !command.startsWith("/") ||
    [...inputs.map(({ target }) => target), ...outputs.map(({ path }) => path)].some(isBelow);
  if (!isOfTask && !existsSync(command)) throw new Fault("TASK_INVALID", `no program ${command} on this node`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Lets the task's user read what the node has fetched for it alone, and write where it may. */
async function openPaths({ inputs, outputs, folder }: Workload): Promise<void> {
  const own = inputs.filter(({ held }) => held === undefined).map(({ hostPath }) => hostPath);
  try {
    for (const path of [folder, ...outputs.map(({ hostPath }) => hostPath)]) await chmod(path, openMode);
    if (own.length > 0) await run("chmod", ["-R", "a+rX", "--", ...own]);
  } catch (failure) {
    throw new Fault("ENGINE_FAILED", `cannot prepare the folders of the task: ${causeOf(failure).why}`);
  }
}
