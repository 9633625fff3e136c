// Plain JavaScript for Node 20: it runs before anything is installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { findRuntime } from "../apps/cli/bin/runtime.mjs";

const print = (text) => process.stderr.write(`shoal: ${text}\n`);

/** Why `npm ci` must run, as a sentence; undefined when node_modules matches the lock file exactly. */
export function whyInstall(root) {
  const modules = join(root, "node_modules");
  if (!existsSync(modules)) return "nothing is installed yet";
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  const stamp = join(modules, ".shoal-stamp");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === stampOf(lockText)) return undefined;
  const installed = join(modules, ".package-lock.json");
  if (!existsSync(installed)) return "an earlier installation did not finish";
  const difference = firstDifference(
    JSON.parse(lockText).packages,
    JSON.parse(readFileSync(installed, "utf8")).packages,
  );
  if (difference !== undefined) return `package-lock.json has changed (${difference})`;
  // npm was run by hand, and the result matches the lock file: no reason to install again.
  writeFileSync(stamp, stampOf(lockText));
  return undefined;
}

function stampOf(lockText) {
  const hash = createHash("sha256").update(lockText).digest("hex");
  return `${hash} ${process.platform} ${process.arch}\n`;
}

function firstDifference(locked, installed) {
  for (const [path, entry] of Object.entries(locked)) {
    if (!path.includes("node_modules/")) continue;
    const got = installed[path];
    if (got === undefined && (entry.optional || entry.devOptional || entry.peer) && !isForHere(entry)) continue;
    if (got === undefined) return `${path} is missing`;
    if (got.version !== entry.version || got.integrity !== entry.integrity) return `${path} differs`;
  }
  return undefined;
}

/** Built for this platform alone: it is needed even where it is declared optional. */
function isForHere({ os, cpu, libc }) {
  const names = (value, here) => value !== undefined && [value].flat().includes(here);
  return libc === undefined && names(os, process.platform) && names(cpu, process.arch);
}

/** Packages for this platform that are missing: npm leaves them out silently when they require a newer Node than npm runs on. */
function leftOut(root, lockText) {
  const forHere = Object.entries(JSON.parse(lockText).packages).filter(([, entry]) => isForHere(entry));
  return forHere.map(([path]) => path).filter((path) => !existsSync(join(root, path)));
}

/** Runs `npm ci` and resolves with the exit code. */
export async function install(root, why) {
  const npm = npmProgram();
  if (npm === undefined) {
    print("npm was not found; it comes with Node: is it on PATH?");
    return 1;
  }
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  print(`${why}; installing from package-lock.json by hash, which takes a minute or two`);
  let code = await runNpm(root, process.execPath, [npm, "ci"]);
  const runtime = findRuntime(import.meta.url);
  // The Node that is now installed adds the packages that this one is too old for; the lock file is not changed.
  if (code === 0 && runtime.path !== undefined && leftOut(root, lockText).length > 0) {
    code = await runNpm(root, runtime.path, [npm, "install", "--no-save"]);
  }
  if (code === 0) writeFileSync(join(root, "node_modules", ".shoal-stamp"), stampOf(lockText));
  else print(`npm failed with exit code ${code}; fix the error above and run the same command again`);
  return code;
}

/** The file of npm itself, so that any Node can run it; undefined when it cannot be found. */
function npmProgram() {
  const running = process.env.npm_execpath;
  if (running?.endsWith("npm-cli.js")) return running;
  const onPath = (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "npm"))
    .find(existsSync);
  const program = onPath === undefined ? "" : realpathSync(onPath);
  return program.endsWith(".js") ? program : undefined;
}

function runNpm(root, node, args) {
  const always = [
    "--include=dev",
    "--include=optional",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const env = { ...process.env, PATH: pathWithoutModules(root) };
  // Standard output belongs to the target that runs afterwards.
  const child = spawn(node, [...args, ...always], { cwd: root, env, stdio: ["ignore", 2, 2] });
  const forward = (signal) => child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("close", (code, signal) => {
      for (const one of signals) process.off(one, forward);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

// npm ci deletes node_modules first: the Node that runs npm must not be the one inside it.
function pathWithoutModules(root) {
  const bins = join(root, "node_modules", ".bin");
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.filter((folder) => folder !== bins && !folder.startsWith(join(root, "node_modules"))).join(delimiter);
}
