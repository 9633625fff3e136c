// Plain JavaScript for Node 20: it runs before anything is installed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";

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
    if (found === undefined && (entry.optional || entry.devOptional || entry.peer)) continue;
    if (found === undefined) return `${path} is missing`;
    if (found.version !== entry.version || found.integrity !== entry.integrity) return `${path} differs`;
  }
  return undefined;
}

/** Runs `npm ci`, shows how far it is, and resolves with the exit code; npm's own words appear only when it fails. */
export async function install(root, why) {
  const lockText = readFileSync(join(root, "package-lock.json"), "utf8");
  const total = Object.keys(JSON.parse(lockText).packages).filter((path) => path.includes("node_modules/")).length;
  say(`${why}; installing from package-lock.json, exactly and by hash`);
  const progress = startProgress(total);
  const { code, noise, interrupted } = await runNpm(root, progress);
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

function runNpm(root, progress) {
  const args = ["ci", "--include=dev", "--include=optional", "--prefer-offline", "--no-audit", "--no-fund"];
  const child = spawn("npm", [...args, "--loglevel=http", "--no-progress"], {
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
