import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Mutant } from "./mutators.ts";

/** The result of the tests for a mutant. */
export type MutantOutcome = "killed" | "timeout" | "survived";

/** Where tests run, and their time limit. */
export interface TestRun {
  /** The copy of the tree. */
  readonly root: string;
  readonly limitMs: number;
  /** The tests start real servers. */
  readonly needsServer: boolean;
}

/** Writes the mutant into the copy, runs each group of tests until one fails, and restores the file. */
export async function tryMutant(
  run: TestRun,
  path: string,
  given: { readonly mutant: Mutant; readonly groups: readonly (readonly string[])[] },
): Promise<MutantOutcome> {
  const { start, end, replacement } = given.mutant;
  const file = join(run.root, path);
  const text = await readFile(file, "utf8");
  await writeFile(file, text.slice(0, start) + replacement + text.slice(end));
  try {
    for (const tests of given.groups) {
      const outcome = await runTests(run, tests);
      if (outcome !== "passed") return outcome === "failed" ? "killed" : "timeout";
    }
    return "survived";
  } finally {
    await writeFile(file, text);
  }
}

/** Runs the tests whose paths contain one of these. */
export function runTests(
  { root, limitMs, needsServer }: TestRun,
  tests: readonly string[],
): Promise<"passed" | "failed" | "timeout"> {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  // One worker that loads each module once: half the time of a worker for each file.
  const fast = ["--bail=1", "--no-isolate", "--maxWorkers=1", ...(needsServer ? [] : ["--project=unit"])];
  const args = [vitest, "run", ...fast, "--reporter=dot", "--passWithNoTests", ...tests];
  // A separate process group: a test that hangs may have children, and they must end with it.
  const child = spawn(process.execPath, args, { cwd: root, stdio: "ignore", detached: true });
  const end = () => process.kill(-(child.pid ?? 0), "SIGKILL");
  const leave = () => {
    end();
    process.exit(1);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, leave);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, limitMs);
  return new Promise((resolve) => {
    child.once("exit", (code) => {
      clearTimeout(timer);
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.removeListener(signal, leave);
      if (isLate) resolve("timeout");
      else resolve(code === 0 ? "passed" : "failed");
    });
  });
}
