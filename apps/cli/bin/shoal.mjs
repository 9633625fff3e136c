#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findRuntime, isCurrent, runNode } from "./runtime.mjs";

// A checkout has the source; a published package has only what was built (Node strips no types under node_modules).
const source = new URL("../src/main.ts", import.meta.url);
const main = existsSync(source) ? source : new URL("../main.js", import.meta.url);

const runtime = findRuntime(import.meta.url);
if (runtime.problem !== undefined) {
  process.stderr.write(`${runtime.problem}\n`);
  process.exitCode = 1;
} else if (isCurrent(runtime)) {
  // No second process: signals and a SIGKILL reach the program itself.
  await import(main.href);
} else {
  const args = ["--disable-warning=ExperimentalWarning", fileURLToPath(main), ...process.argv.slice(2)];
  process.exitCode = await runNode(runtime, args);
}
