import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const folder = new URL("../../deploy/systemd/", import.meta.url);

/** The lines of a unit: key to all its values, in every section. */
export type Unit = Readonly<Record<string, readonly string[]>>;

/** Reads one of deploy/systemd's units. */
export function readUnit(file: string): Unit {
  const unit: Record<string, string[]> = {};
  for (const [key, value] of pairsOf(textOf(file))) unit[key] = [...(unit[key] ?? []), value];
  return unit;
}

/** The variables of one of deploy/systemd's environment files, by its name on the machine: `/etc/shoal/compute.env`. */
export function readEnvironment(installed: string): Readonly<Record<string, string>> {
  return Object.fromEntries(pairsOf(textOf(`${installed.replace("/etc/shoal/", "")}.example`)));
}

/** The text of a file in deploy/systemd. */
export const textOf = (file: string): string => readFileSync(fileURLToPath(new URL(file, folder)), "utf8");

function pairsOf(text: string): readonly (readonly [key: string, value: string])[] {
  const lines = text.split("\n").filter((line) => /^[^#;[\s]/.test(line));
  return lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
}

/** A process that was started with the command of its unit. */
export interface UnitProcess {
  readonly child: ChildProcess;
  /** Resolves with the first line that matches, also one that was written before; throws when the process ends without it. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Stops it and resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a command line as systemd does: without a shell, and with only these variables. */
export function startUnit(command: string, env: Readonly<Record<string, string>>): UnitProcess {
  const [program = "", ...args] = command.split(" ");
  const child = spawn(program, args, {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines: string[] = [];
  const closed = once(child, "close");
  const listeners = new Set<(line: string) => void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    for (const receive of listeners) receive(line);
  });
  return {
    child,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const receive = (line: string) => {
          const found = pattern.exec(line);
          if (found !== null) resolve(found);
        };
        lines.forEach(receive);
        listeners.add(receive);
        closed.then(() => reject(new Error(`${command} ended without ${pattern}:\n${lines.join("\n")}`)), reject);
      }),
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await closed;
      return child.exitCode;
    },
  };
}
