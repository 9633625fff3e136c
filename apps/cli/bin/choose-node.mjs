// Prints the path of the Node that Shoal runs on. Plain JavaScript for Node 20.
import { findRuntime } from "./runtime.mjs";

const runtime = findRuntime(import.meta.url);
if (runtime.problem === undefined) {
  process.stdout.write(runtime.path);
} else {
  process.stderr.write(`${runtime.problem}\n`);
  process.exitCode = 1;
}
