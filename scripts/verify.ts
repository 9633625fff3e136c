// Runs all static checks of the tree: one row for each check, with every failure.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const inTree = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

interface Check {
  readonly name: string;
  /** The program and its arguments; exit code 0 means success. */
  readonly run: readonly [file: string, ...args: string[]];
  /** What to do when it fails. */
  readonly hint: string;
}

interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly tookMs: number;
}

const checks: readonly Check[] = [
  {
    name: "types",
    run: [inTree("node_modules/typescript/bin/tsc"), "-p", "tsconfig.json"],
    hint: "fix the types named above",
  },
  {
    name: "format and lint",
    run: [inTree("node_modules/@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "--max-diagnostics=200"],
    hint: "npm run format fixes what it can",
  },
  { name: "tidy", run: [inTree("scripts/tidy/main.ts")], hint: "each line above has its fix" },
  {
    name: "reference pages",
    run: [inTree("scripts/reference/main.ts"), "--check"],
    hint: "npm run docs regenerates them",
  },
];

const rows: CheckResult[] = [];
for (const check of checks) rows.push(await run(check));
process.stdout.write(`\n${rows.map(line).join("\n")}\n`);
const failed = rows.filter(({ ok }) => !ok);
process.stdout.write(
  failed.length === 0 ? "verified\n" : `not verified: ${failed.map(({ name }) => name).join(", ")}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

async function run({ name, run: [file, ...args], hint }: Check): Promise<CheckResult> {
  const startedAt = performance.now();
  const { code, output } = await outputOf(file, args);
  const ok = code === 0;
  if (!ok) process.stdout.write(`── ${name}\n${output.trimEnd()}\n   ${hint}\n`);
  return { name, ok, tookMs: performance.now() - startedAt };
}

function outputOf(file: string, args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(process.execPath, [file, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const receive = (chunk: string) => {
    output += chunk;
  };
  child.stdout.setEncoding("utf8").on("data", receive);
  child.stderr.setEncoding("utf8").on("data", receive);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

function line({ name, ok, tookMs }: CheckResult): string {
  return `${name.padEnd(18)} ${(ok ? "ok" : "FAILED").padEnd(7)} ${(tookMs / 1_000).toFixed(1).padStart(5)} s`;
}
