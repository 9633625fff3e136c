import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const bin = new URL("../../bin/", import.meta.url);
const launcher = fileURLToPath(new URL("shoal", bin));
// Plain JavaScript, without declarations.
const runtime: { readonly packages: Readonly<Record<string, string>> } = await import(new URL("runtime.mjs", bin).href);
const { packages } = runtime;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "shoal-launcher-"));
  mkdirSync(join(root, "apps/cli/bin"), { recursive: true });
  copyFileSync(launcher, join(root, "apps/cli/bin/shoal"));
});
afterEach(() => rmSync(root, { recursive: true }));

function writeProgram(path: string, lines: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(root, path), 0o755);
}

/** Runs the launcher on a machine of this kind. The Node on its PATH prints "chosen" when it is asked to choose. */
function run(machine: string, env: NodeJS.ProcessEnv = {}): string {
  writeProgram("path/uname", `echo ${machine}`);
  writeProgram("path/chosen", 'echo "chosen"');
  writeProgram("path/node", `printf %s ${join(root, "path/chosen")}`);
  const options = { env: { PATH: `${join(root, "path")}:/usr/bin:/bin`, ...env }, encoding: "utf8" } as const;
  return execFileSync(join(root, "apps/cli/bin/shoal"), ["--version"], options).trim();
}

const machines = [
  ["Darwin arm64", packages["darwin-arm64"]],
  ["Darwin x86_64", packages["darwin-x64"]],
  ["Linux aarch64", packages["linux-arm64"]],
  ["Linux x86_64", packages["linux-x64"]],
] as const;

it.each(machines)("on %s becomes the pinned Node, without another Node before", (machine, name) => {
  writeProgram(`node_modules/${name}/bin/node`, 'echo "pinned $2"');
  expect(run(machine)).toBe(`pinned ${join(root, "apps/cli/bin/shoal.mjs")}`);
});

it("knows every platform that has a pinned Node", () => {
  expect(machines.map(([, name]) => name).toSorted()).toEqual(Object.values(packages).toSorted());
});

it("takes the nearest pinned Node, also through a link", () => {
  const [machine, name] = machines[3];
  writeProgram(`node_modules/${name}/bin/node`, 'echo "far"');
  writeProgram(`apps/cli/node_modules/${name}/bin/node`, 'echo "near"');
  symlinkSync(join(root, "apps/cli/bin/shoal"), join(root, "linked"));
  expect(run(machine)).toBe("near");
  expect(execFileSync(join(root, "linked"), { env: { PATH: `${join(root, "path")}:/usr/bin:/bin` } }).toString()).toBe(
    "near\n",
  );
});

it.each(["Linux x86_64", "Plan9 mips"])("on %s asks choose-node.mjs without a pinned Node", (machine) => {
  expect(run(machine)).toBe("chosen");
});

it("asks choose-node.mjs when SHOAL_NODE names a Node", () => {
  const [machine, name] = machines[3];
  writeProgram(`node_modules/${name}/bin/node`, 'echo "pinned"');
  expect(run(machine, { SHOAL_NODE: "/usr/bin/node" })).toBe("chosen");
});
