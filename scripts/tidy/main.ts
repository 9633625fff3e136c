// Prints the findings of every rule, or of the named rules, and exits with 1 when there are any.
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
