// Runs all tests, or those that a path or -t names, and ends with one line that says what came of it.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { exitCodeOf, lastLine, skipLines, type Tally, tallyOf } from "./test-tally.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));

const reporter = fileURLToPath(new URL("test-reporter.ts", import.meta.url));

const { tally, code } = await runVitest(process.argv.slice(2));
if (code !== 0 && exitCodeOf(tally) === 0) process.stdout.write(`vitest ended with exit code ${code}\n`);
for (const line of skipLines(tally.skips)) process.stdout.write(`${line}\n`);
process.stdout.write(`${lastLine(tally)}\n`);
process.exitCode = code === 0 ? exitCodeOf(tally) : code;

function runVitest(args: readonly string[]): Promise<{ readonly tally: Tally; readonly code: number }> {
  const child = fork(vitest, ["run", "--reporter=default", `--reporter=${reporter}`, ...args], {
    cwd: root,
    execArgv: [],
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => child.kill(signal));
    // A second signal must not end this process before the last line is written.
    process.on(signal, () => {});
  }
  // Without a word from the reporter the run itself broke down, which is one failure.
  let tally: Tally = { passed: 0, failed: 1, skips: [] };
  child.on("message", (message) => {
    tally = tallyOf(message) ?? tally;
  });
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve({ tally, code: code ?? 1 }));
  });
}
