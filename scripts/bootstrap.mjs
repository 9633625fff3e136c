// Entry point: node scripts/bootstrap.mjs <target> [arguments]. Plain JavaScript for Node 20, without dependencies:
// it installs what is missing, finds the Node that Shoal runs on, and starts the target there.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCacheFolder } from "../apps/cli/bin/compile-cache.mjs";
import { findRuntime, runNode } from "../apps/cli/bin/runtime.mjs";
import { install, whyInstall } from "./install.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The targets: the file, and the arguments that come first. `setup` only installs. */
const targets = {
  setup: { file: undefined, args: [] },
  demo: { file: "apps/demo/src/main.ts", args: [] },
  start: { file: "apps/cli/src/main.ts", args: ["devstack"] },
  test: { file: "scripts/test.ts", args: [] },
  bench: { file: "test/bench/main.ts", args: [] },
  verify: { file: "scripts/verify.ts", args: [] },
  docs: { file: "scripts/reference/main.ts", args: [] },
  new: { file: "scripts/new/main.ts", args: [] },
  golden: { file: "scripts/golden/main.ts", args: [] },
  mutants: { file: "scripts/mutants/main.ts", args: [] },
  pack: { file: "scripts/pack.ts", args: [] },
};

// The oldest Node whose npm installs this workspace's lock file and on which vitest, turbo and npm 11 start.
const hostOldest = [20, 19];

process.exitCode = await main(process.argv[2], process.argv.slice(3));

async function main(name, args) {
  const target = Object.hasOwn(targets, name ?? "") ? targets[name] : undefined;
  if (target === undefined) {
    return refuse(`no target "${name ?? ""}", only ${Object.keys(targets).join(", ")}`);
  }
  if (isOlder(process.versions.node, hostOldest)) {
    return refuse(
      `setting up needs Node ${hostOldest.join(".")} or newer, this is ${process.versions.node}; ` +
        "install one from https://nodejs.org or with your package manager, then run the same command again",
    );
  }
  const why = whyInstall(root);
  if (why !== undefined) {
    const code = await install(root, why);
    if (code !== 0) return code;
  }
  return target.file === undefined ? 0 : await run(target, args);
}

async function run(target, args) {
  const runtime = findRuntime(import.meta.url);
  if (runtime.problem !== undefined) return refuse(runtime.problem);
  const file = join(root, target.file);
  if (!existsSync(file)) return refuse(`${target.file} is missing from this checkout`);
  const bins = join(root, "node_modules", ".bin");
  const env = {
    ...process.env,
    PATH: [bins, process.env.PATH ?? ""].join(delimiter),
    NODE_COMPILE_CACHE: compileCacheFolder(process.env),
  };
  return await runNode(runtime, ["--disable-warning=ExperimentalWarning", file, ...target.args, ...args], env);
}

function isOlder(version, [major, minor]) {
  const [thisMajor, thisMinor] = version.split(".").map(Number);
  return thisMajor < major || (thisMajor === major && thisMinor < minor);
}

function refuse(why) {
  process.stderr.write(`shoal: ${why}\n`);
  return 1;
}
