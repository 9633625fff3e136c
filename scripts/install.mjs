// Plain JavaScript for Node 20: it runs before anything is installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { findRuntime } from "../apps/cli/bin/runtime.mjs";

// How often a line of progress appears when the output is no terminal; a log stays readable.
const progressMs = 5_000;
// What is kept of npm's own words, for the case that it fails: enough for the reason, not for the whole log.
const noiseLinesMax = 60;

const say = (text) => process.stderr.write(`shoal: ${text}\n`);

/** Why `npm ci` must run, as a sentence; undefined when node_modules holds exactly what the lock file says. */
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
  // Somebody ran npm by hand and it agrees with the lock file: no reason to install again.
  writeFileSync(stamp, stampOf(lockText));
  return undefined;
}

function stampOf(lockText) {
  const hash = createHash("sha256").update(lockText).digest("hex");
  return `${hash} ${process.platform} ${process.arch}\n`;
}

function firstDifference(wanted, installed) {
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes("node_modules/")) continue;
    const found = installed[path];
    if (found === undefined && (entry.optional || entry.devOptional || entry.peer) && !isForHere(entry)) continue;
    if (found === undefined) return `${path} is missing`;
    if (found.version !== entry.version || found.integrity !== entry.integrity) return `${path} differs`;
  }
  return undefined;
}

/** Made for this platform and no other: left out it is missed, however optional it is called. */
function isForHere({ os, cpu, libc }) {
  const names = (value, here) => value !== undefined && [value].flat().includes(here);
  return libc === undefined && names(os, process.platform) && names(cpu, process.arch);
}

/** What npm left out although it is for this platform: it does so silently when a package wants a newer Node than npm runs on. */
function leftOut(root, lockText) {
  const wanted = Object.entries(JSON.parse(lockText).packages).filter(([, entry]) => isForHere(entry));
  return wanted.map(([path]) => path).filter((path) => !existsSync(join(root, path)));
}

/** Runs `npm ci`, shows how far it is, and resolves with the exit code; npm's own words appear only when it fails. */
export async function install(root, why) {
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  const total = Object.keys(JSON.parse(lockText).packages).filter((path) => path.includes("node_modules/")).length;
  say(`${why}; installing from package-lock.json, exactly and by hash`);
  const progress = startProgress(total);
  const first = await runNpm(root, progress, { command: "npm", args: ["ci"] });
  const { code, noise, interrupted } = first.code === 0 ? await complete(root, progress, lockText) : first;
  progress.stop();
  if (interrupted !== undefined) {
    say(`interrupted by ${interrupted}; the next run installs again`);
    return 128 + constants.signals[interrupted];
  }
  if (code !== 0) {
    process.stderr.write(`${noise.join("\n")}\n`);
    say(`npm ci failed with exit code ${code}; its last words are above. Mend that and run the same command again`);
    return code;
  }
  writeFileSync(join(root, "node_modules", ".shoal-stamp"), stampOf(lockText));
  say(`installed in ${progress.seconds()} s`);
  return 0;
}

function startProgress(total) {
  const startedAt = Date.now();
  const live = process.stderr.isTTY === true;
  let stage = "npm starts";
  let packages = 0;
  const seconds = () => Math.round((Date.now() - startedAt) / 1_000);
  const line = () => `shoal:   ${seconds()} s  ${stage}`;
  const show = () => process.stderr.write(live ? `\r\x1b[K${line()}` : `${line()}\n`);
  const timer = setInterval(show, live ? 1_000 : progressMs);
  return {
    seconds,
    asked() {
      if (packages === 0) this.enter("asking the registry about the locked packages");
    },
    fetched() {
      packages += 1;
      // Packages for other platforms are in the lock file and are never fetched, so the total is a bound.
      stage = `${packages} packages fetched, ${total} in the lock file`;
    },
    enter(next) {
      if (next === stage) return;
      stage = next;
      show();
    },
    stop() {
      clearInterval(timer);
      if (live) process.stderr.write("\r\x1b[K");
    },
  };
}

/** Brings in what the host's Node was too old for, with the Node that has just been installed; the lock file stays as it is. */
async function complete(root, progress, lockText) {
  const missing = leftOut(root, lockText);
  const runtime = findRuntime(import.meta.url);
  const npm = npmProgram();
  if (missing.length === 0 || runtime.path === undefined || npm === undefined) return { code: 0, noise: [] };
  progress.enter(`${missing.length} more with Node ${runtime.version}`);
  return await runNpm(root, progress, { command: runtime.path, args: [npm, "install", "--no-save"] });
}

/** The file of npm itself, so that another Node can run it; undefined when it cannot be found. */
function npmProgram() {
  const told = process.env.npm_execpath;
  if (told?.endsWith("npm-cli.js")) return told;
  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "npm"))
    .find(existsSync);
  const program = found === undefined ? "" : realpathSync(found);
  return program.endsWith(".js") ? program : undefined;
}

function runNpm(root, progress, { command, args }) {
  const always = ["--include=dev", "--include=optional", "--prefer-offline", "--no-audit", "--no-fund"];
  const child = spawn(command, [...args, ...always, "--loglevel=http", "--no-progress"], {
    cwd: root,
    env: { ...process.env, PATH: pathWithoutModules(root) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  progress.enter("reading the lock file");
  const noise = [];
  const hear = listener(noise, progress);
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  return new Promise((resolve) => {
    let interrupted;
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    const forward = (signal) => {
      interrupted ??= signal;
      child.kill(signal);
    };
    for (const signal of signals) process.on(signal, forward);
    child.once("error", (failure) => {
      resolve({ code: 1, noise: [`npm cannot be started: ${failure.message}; it comes with Node, is it on PATH?`] });
    });
    child.once("close", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve({ code: code ?? 128 + (constants.signals[signal] ?? 0), noise, interrupted });
    });
  });
}

function listener(noise, progress) {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("npm http fetch")) {
        if (line.includes(".tgz ")) progress.fetched();
        else progress.asked();
        continue;
      }
      noise.push(line);
      if (noise.length > noiseLinesMax) noise.shift();
    }
  };
}

// npm ci deletes node_modules first: the Node that runs npm must not be the one that lies in there.
function pathWithoutModules(root) {
  const bins = join(root, "node_modules", ".bin");
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.filter((folder) => folder !== bins && !folder.startsWith(join(root, "node_modules"))).join(delimiter);
}
