import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { readTree } from "../tidy/tree.ts";
import { partName } from "./part.ts";
import { templates } from "./parts/index.ts";
import { scaffold } from "./scaffold.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "shoal-new-")));
const newName = partName("gpu-model") ?? expect.unreachable("a name");
afterAll(() => rmSync(scratch, { recursive: true }));

/** Copies the tree. Packages are links, those of the workspace to the copy. */
function copyTree(): void {
  for (const path of readTree(root).paths) cpSync(join(root, path), join(scratch, path));
  const modules = join(root, "node_modules");
  mkdirSync(join(scratch, "node_modules/@shoal"), { recursive: true });
  for (const name of readdirSync(modules)) {
    if (name !== "@shoal") symlinkSync(join(modules, name), join(scratch, "node_modules", name));
  }
  for (const name of readdirSync(join(modules, "@shoal"))) {
    const workspace = relative(realpathSync(root), realpathSync(join(modules, "@shoal", name)));
    symlinkSync(join(scratch, workspace), join(scratch, "node_modules/@shoal", name));
  }
}

/** What a program prints in the copy; empty when it ends well. */
function failureOf(program: string, ...args: readonly string[]): string {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST") && name !== "TEST");
  const env = { ...Object.fromEntries(own), NO_COLOR: "1" };
  const options = { cwd: scratch, env, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(scratch, program), ...args], options);
  return status === 0 ? "" : `${program} ended with ${status}\n${stdout}${stderr}`;
}

it("a tree with one new part of each sort is verified, and their tests pass", () => {
  copyTree();
  // The program adds this one: its part changes the corpus and the reference pages, which the program writes.
  const byProgram = "event";
  const read = (path: string) =>
    existsSync(join(scratch, path)) ? readFileSync(join(scratch, path), "utf8") : undefined;
  const changed = new Set<string>();
  for (const template of templates.filter(({ name }) => name !== byProgram)) {
    for (const [path, text] of scaffold(template, newName, read)) {
      mkdirSync(dirname(join(scratch, path)), { recursive: true });
      writeFileSync(join(scratch, path), text);
      changed.add(path);
    }
  }
  expect(failureOf("node_modules/@biomejs/biome/bin/biome", "check", "--write", ...changed)).toBe("");
  expect(failureOf("scripts/new/main.ts", byProgram, newName.kebab)).toBe("");
  expect(failureOf("scripts/verify.ts")).toBe("");
  // The parts' own tests, and those of the tables that have a row for each part.
  const tables = ["filters.contract", "policies.test", "rules.test", "requester/src/config.test", "machines.test"];
  const parts = [newName.kebab, ...tables, "http/routes.test", "golden.test", "error-reply.test"];
  expect(failureOf("node_modules/vitest/vitest.mjs", "run", "--project=unit", ...parts)).toBe("");
}, 600_000);
