import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { posix } from "node:path";
import type { engineParams } from "@shoal/proto";
import type { z } from "zod";
import type { Workload } from "../executor.ts";
import type { NativeSettings } from "./native-settings.ts";
import type { NativeUser } from "./native-user.ts";

/** The folder of the execution, as a task sees it. */
const taskFolder = "/task";
/** The task's environment, as the sandbox has it: read after all rights are dropped. */
const environmentFile = "/run/environment";
/** The descriptor from which the sandbox reads the environment: neither a file nor an argument shows it. */
export const environmentFd = 3;

// /tmp is memory: as much as a container has with a read-only root.
const tmpBytes = 64 * 1024 ** 2;

// The capabilities that root needs in the sandbox to become another user; that user has none.
const forSetpriv = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"];

/**
 * Reads the environment as the unprivileged user, and becomes the program. A variable such as LD_PRELOAD must not reach a process
 * with rights. An environment that is cut off, because the node died while it was written, starts nothing.
 */
const beginScript = `. ${environmentFile} && [ "$shoal_complete" = 1 ] || { echo "shoal: the node died while it started the task" >&2; exit 125; }
unset shoal_complete
exec "$@"`;

export interface SandboxParts {
  readonly workload: Workload;
  readonly params: z.infer<typeof engineParams.native>;
  readonly user: NativeUser;
  readonly settings: NativeSettings;
}

/** The command that runs a task isolated and unprivileged; root starts it. */
export function sandboxCommand({ workload, params, user, settings }: SandboxParts): readonly string[] {
  const { processesMax, descriptorsMax, fileBytesMax } = settings;
  const { memoryBytes } = workload.resources;
  return [
    ...["bwrap", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    ...(workload.network === "host" ? [] : ["--unshare-net"]),
    // When the wrapper or process 1 of the namespace dies, the kernel kills everything in it.
    ...["--die-with-parent", "--new-session"],
    ...forSetpriv.flatMap((capability) => ["--cap-add", capability]),
    ...settings.paths.flatMap(systemPath),
    ...["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", `${tmpBytes}`, "--tmpfs", "/tmp"],
    ...["--perms", "0444", "--ro-bind-data", `${environmentFd}`, environmentFile],
    ...["--bind", workload.folder, taskFolder],
    ...workload.inputs.flatMap(({ held, hostPath, target, readOnly }) => [
      readOnly ? "--ro-bind" : "--bind",
      held === undefined || held.steady ? hostPath : `/proc/${process.pid}/fd/${held.fd}`,
      target,
    ]),
    ...workload.outputs.flatMap(({ hostPath, path }) => ["--bind", hostPath, path]),
    ...["--chdir", posix.resolve(taskFolder, params.WorkingDirectory), "--"],
    ...["setpriv", "--reuid", `${user.uid}`, "--regid", `${user.gid}`, "--clear-groups", "--no-new-privs"],
    ...["--inh-caps=-all", "--bounding-set=-all", "--"],
    ...["prlimit", `--nproc=${processesMax}`, `--nofile=${descriptorsMax}`, `--fsize=${fileBytesMax}`, "--core=0"],
    ...(memoryBytes > 0 ? [`--data=${memoryBytes}`] : []),
    ...["--", "/bin/sh", "-c", beginScript, "shoal", params.Command, ...params.Arguments],
  ];
}

/** A path of the machine as it is there: /bin is a link on current systems. */
function systemPath(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return lstatSync(path).isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
}

const searched = "/usr/local/bin:/usr/bin:/bin";
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const quoted = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;

/** The environment as a shell reads it, with a last line that shows that it is complete. */
export function environmentScript(env: Readonly<Record<string, string>>): string {
  const all = { PATH: searched, HOME: taskFolder, ...env };
  const lines = Object.entries(all).filter(([name]) => variableName.test(name));
  return `${lines.map(([name, value]) => `export ${name}=${quoted(value)}\n`).join("")}shoal_complete=1\n`;
}
