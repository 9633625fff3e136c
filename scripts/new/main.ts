// npm run new <part> <name>: writes a part with its test, adds its line to the registry, and formats what it wrote.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { partName } from "./part.ts";
import { templates } from "./parts/index.ts";
import { scaffold } from "./scaffold.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [part = "", given = ""] = process.argv.slice(2);
const template = templates.find(({ name }) => name === part);
const name = partName(given);

if (template === undefined || name === undefined) {
  const rows = templates.map((one) => `  ${one.name.padEnd(12)} ${one.summary}\n`);
  process.stderr.write(
    `npm run new <part> <name>, with a name such as gpu-model, and one of these parts:\n${rows.join("")}`,
  );
  process.exitCode = 2;
} else {
  const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined);
  const files = scaffold(template, name, read);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    process.stdout.write(`${path}\n`);
  }
  run("node_modules/@biomejs/biome/bin/biome", "check", "--write", "--log-level=error", ...files.keys());
  if (files.has("scripts/golden/traces.ts")) run("scripts/golden/main.ts");
  run("scripts/reference/main.ts");
  process.stdout.write(`${template.summary}\n`);
}

function run(program: string, ...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [join(root, program), ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
