// Prints what is not tidy and ends with 1 when there is anything.
import { fileURLToPath } from "node:url";
import { lineOf, tidy } from "./tidy.ts";
import { readTree } from "./tree.ts";

const findings = tidy(readTree(fileURLToPath(new URL("../..", import.meta.url))));
for (const finding of findings) process.stdout.write(`${lineOf(finding)}\n`);
process.exitCode = findings.length === 0 ? 0 : 1;
