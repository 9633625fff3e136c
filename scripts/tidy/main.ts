// Prints what breaks a rule, or the rules that are named, and ends with 1 when there is anything.
import { fileURLToPath } from "node:url";
import { rules } from "./rules/index.ts";
import { lineOf, tidy } from "./tidy.ts";
import { readTree } from "./tree.ts";

const names = process.argv.slice(2);
const tree = readTree(fileURLToPath(new URL("../..", import.meta.url)));
const findings =
  names.length === 0
    ? tidy(tree)
    : tidy(
        tree,
        rules.filter(({ name }) => names.includes(name)),
      );
for (const finding of findings) process.stdout.write(`${lineOf(finding)}\n`);
process.exitCode = findings.length === 0 ? 0 : 1;
