// Writes docs/reference from the tables of the code; with --check it only lists stale pages, and exits with 1.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { folder, stale, written } from "./reference.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const names = stale(root);

if (process.argv.includes("--check")) {
  for (const name of names) process.stdout.write(`${folder}/${name} is stale: npm run docs\n`);
  process.exitCode = names.length === 0 ? 0 : 1;
} else {
  const expected = written();
  mkdirSync(join(root, folder), { recursive: true });
  for (const name of names) {
    const text = expected.get(name);
    if (text === undefined) rmSync(join(root, folder, name), { recursive: true });
    else writeFileSync(join(root, folder, name), text);
    process.stdout.write(`${folder}/${name} ${text === undefined ? "removed" : "written"}\n`);
  }
}
