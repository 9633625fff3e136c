// Runs all tests, or those that a path or -t names, and ends with one line: "N passed, N failed".
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { lastLine, skipLines, type TestTally, tallyOf } from "./test-tally.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));

const args = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "shoal-test-"));
const file = join(folder, "report.json");
try {
  const code = await runVitest();
  const tally = readTally(code);
  for (const line of [...skipLines(tally.skips), lastLine(tally)]) process.stdout.write(`${line}\n`);
  // A run in which no test passed is a failure.
  process.exitCode = code === 0 && (tally.failed > 0 || tally.passed === 0) ? 1 : code;
} finally {
  rmSync(folder, { recursive: true });
}

function runVitest(): Promise<number> {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const child = spawn(process.execPath, [vitest, "run", ...reporters, ...args], { cwd: root, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => child.kill(signal));
    // A second signal must not end this process before it writes the last line.
    process.on(signal, () => {});
  }
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

function readTally(code: number): TestTally {
  const options = { testNamePattern: { type: "string", short: "t" } } as const;
  const { testNamePattern } = parseArgs({ args, options, strict: false, allowPositionals: true }).values;
  const pattern = new RegExp(typeof testNamePattern === "string" ? testNamePattern : "");
  let tally: TestTally = { passed: 0, failed: 0, skips: [] };
  try {
    tally = tallyOf(JSON.parse(readFileSync(file, "utf8")), root, pattern);
  } catch (failure) {
    process.stdout.write(`no report of vitest: ${String(failure)}\n`);
  }
  // An error outside of every test, or a run that crashed, counts as one failure.
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}
