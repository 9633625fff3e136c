import { spawn } from "node:child_process";
import { type Probe, type ProbeVerdict, probeLimits } from "./probe.ts";

export interface ExecProbeOptions {
  /** Run by `/bin/sh -c`. */
  readonly command: string;
  readonly limitMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

// What programs need to run. The rest of the node's environment may contain credentials.
const passed = ["PATH", "HOME", "LANG", "TZ"] as const;

/**
 * Runs a command with the request on stdin and in the environment. Exit code 0 accepts; any other refuses, with the first
 * line of its stderr, or of its stdout, as the reason. A command that takes too long is killed with its children.
 */
export function execProbe({ command, limitMs, env }: ExecProbeOptions): Probe {
  const inherited = Object.fromEntries(passed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  return (request) =>
    new Promise<ProbeVerdict>((resolve) => {
      const child = spawn("/bin/sh", ["-c", command], {
        env: { ...inherited, BACALHAU_JOB_SELECTION_PROBE_DATA: request },
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
      });
      const output = { stdout: "", stderr: "" };
      const end = (verdict: ProbeVerdict): void => {
        clearTimeout(timer);
        killGroup(child.pid);
        resolve(verdict);
      };
      const noVerdict = (why: string): void => end({ fit: false, why: `the exec probe ${why}`, mayChange: true });
      const timer = setTimeout(() => noVerdict(`did not end within ${limitMs} ms`), limitMs);
      for (const name of ["stdout", "stderr"] as const)
        child[name].on("data", (chunk: Buffer) => {
          if (output[name].length < probeLimits.outputBytes) output[name] += chunk.toString("utf8");
        });
      // A command that does not read its input closes the pipe.
      child.stdin.on("error", () => undefined);
      child.stdin.end(request);
      child.on("error", (failure) => noVerdict(`could not be started: ${failure.message}`));
      // The command may have left children, which hold its pipes.
      child.on("exit", () => killGroup(child.pid));
      // Its output is complete.
      child.on("close", (code, signal) => {
        if (code === 0) end({ fit: true });
        else if (code === null) noVerdict(`was ended by ${signal}`);
        else end({ fit: false, why: reasonOf(output.stderr.trim() || output.stdout.trim(), code), mayChange: false });
      });
    });
}

function reasonOf(output: string, code: number): string {
  const [line = ""] = output.split("\n");
  return `the exec probe exited with ${code}${line === "" ? "" : `: ${line.slice(0, probeLimits.reasonChars)}`}`;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // No process of the group is left.
  }
}
