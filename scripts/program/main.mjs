// Bundles `shoal` for this checkout and makes it the current bundle, which the launchers run while no file of it has changed.
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundleRecord, bundlesFolder, currentBundle, stampsOf } from "../../apps/cli/bin/program.mjs";
import { bundleProgram } from "./bundle.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
// Folders are reused, because Node's compile cache stores code by path and deletes none. A running cluster loads what it uses later from
// the folder that it was started from, so that one is replaced by the fourth build after its own only.
const folders = 4;
// What decides where a package is found, and how the bundle is made.
const others = globSync(
  ["package-lock.json", "{libs,services,apps}/*/package.json", "scripts/program/*", "apps/cli/bin/program.mjs"],
  { cwd: root },
);

const number = (lastNumber() + 1) % folders;
const folder = fileURLToPath(new URL(`${number}/`, bundlesFolder));
const unfinished = `${folder.slice(0, -1)}.${process.pid}`;
try {
  mkdirSync(unfinished, { recursive: true });
  // Before the files are read: what changes meanwhile makes the bundle an old one.
  const before = new Map(stampsOf([...others, ...globSync("{libs,services,apps}/*/src/**/*.ts", { cwd: root })]));
  const files = await bundleProgram(unfinished);
  const inputs = [...others, ...files].sort();
  const record = {
    main: `${number}/main.mjs`,
    inputs: Object.fromEntries(inputs.map((path) => [path, before.get(path) ?? "new"])),
  };
  // Else another process has made the same one meanwhile, and may be running it.
  if (currentBundle() === undefined) replace(JSON.stringify(record));
} catch (failure) {
  process.stderr.write(`shoal: ${failure.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(unfinished, { recursive: true, force: true });
}

function replace(record) {
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
  const file = `${folder.slice(0, -1)}.json`;
  writeFileSync(file, record);
  renameSync(file, bundleRecord);
}

function lastNumber() {
  try {
    const number = Number.parseInt(JSON.parse(readFileSync(bundleRecord, "utf8")).main, 10);
    return Number.isInteger(number) ? number : -1;
  } catch {
    return -1; // Nothing was built yet, or the record was damaged.
  }
}
