import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { causeOf, Fault } from "@shoal/core";
import { startOf } from "../../process-tree.ts";
import { environmentFd } from "./sandbox-command.ts";

/**
 * Runs a command and stores its exit code. It names itself before it claims the run: a node that finds no claim makes the claim itself,
 * and knows that the run never begins.
 */
const wrapperScript = `umask 077
cd "$1" && shift || exit 125
start=$(cut -d" " -f22 "/proc/$$/stat") && read -r boot </proc/sys/kernel/random/boot_id || exit 125
echo "$$ $start $boot" >pid && mkdir begun && echo begun || exit 125
"$@" </dev/null >stdout 2>stderr
code=$?
echo "$code" >exit.part && mv exit.part exit`;

/** The wrapper of a run: the process that lives as long as the task. */
export interface Wrapper {
  readonly pid: number;
  /** As `startOf`: a process with another one has only the same id. */
  readonly startedAt: string;
}

/** The folder of a run: all that outlives the node's process. */
export class RunFolder {
  readonly path: string;

  constructor(root: string, executionId: string) {
    this.path = join(root, executionId);
  }

  /** Starts the command; `input` is what it reads from `environmentFd`. Throws Fault ENGINE_FAILED. */
  async start(
    command: readonly string[],
    input: string,
  ): Promise<{ readonly wrapper: Wrapper; readonly ended: Promise<void> }> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const child = spawn("/bin/sh", ["-c", wrapperScript, "shoal-native", this.path, ...command], {
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      // A process group for the whole run, which the end of the node does not end.
      detached: true,
      stdio: ["ignore", "pipe", "ignore", "pipe"],
    });
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (failure) => reject(new Fault("ENGINE_FAILED", `cannot start: ${causeOf(failure).why}`)));
    });
    const { pid } = child;
    const startedAt = pid === undefined ? undefined : startOf(pid);
    const pipe = child.stdio[environmentFd];
    if (pipe && "end" in pipe) {
      pipe.on("error", () => {});
      pipe.end(input);
    }
    const isBegun = await new Promise<boolean>((resolve) => {
      child.stdout?.once("data", () => resolve(true));
      void ended.then(() => resolve(false));
    });
    if (!isBegun) throw new Fault("ENGINE_FAILED", `cannot begin the run in ${this.path}`);
    child.stdout?.destroy();
    child.unref();
    return { wrapper: { pid: pid ?? 0, startedAt: startedAt ?? "" }, ended };
  }

  /** The wrapper that an earlier process started; undefined when the run never begins. */
  async begun(): Promise<Wrapper | undefined> {
    if (await this.#claim()) return undefined;
    const [pid = "0", ...startedAt] = ((await this.read("pid")) ?? "").trim().split(" ");
    return { pid: Number(pid), startedAt: startedAt.join(" ") };
  }

  /** The exit code; undefined while the task runs, or when its wrapper was killed. */
  async exitCode(): Promise<number | undefined> {
    const text = await this.read("exit");
    return text === undefined ? undefined : Number(text);
  }

  async read(name: string): Promise<string | undefined> {
    return await readFile(join(this.path, name), "utf8").catch(() => undefined);
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Whether this process is the first to claim the run, or the run has no folder. */
  async #claim(): Promise<boolean> {
    try {
      await mkdir(join(this.path, "begun"));
      return true;
    } catch (failure) {
      return !(failure instanceof Error && "code" in failure && failure.code === "EEXIST");
    }
  }
}

/** The executions that have a folder. */
export const runsIn = (root: string): Promise<readonly string[]> => readdir(root).catch(() => []);
