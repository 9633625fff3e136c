// Entry point: node scripts/bootstrap.mjs <target> [arguments]. Plain JavaScript for Node 20, without dependencies:
// it installs what is missing, finds the Node that Shoal runs on, and starts the target there.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCacheFolder } from "../apps/cli/bin/compile-cache.mjs";
import { currentBundle, findProgram } from "../apps/cli/bin/program.mjs";
import { findRuntime, runNode } from "../apps/cli/bin/runtime.mjs";
import { install, whyInstall } from "./install.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** `shoal` itself, bundled or as source. */
const shoal = "shoal";

/**
 * The targets: the file, the arguments that come first, and whether `shoal` is bundled before. `setup` only installs and bundles; what
 * checks or changes the source needs no bundle.
 */
const targets = {
  setup: { file: undefined, args: [], bundled: true },
  demo: { file: "apps/demo/src/main.ts", args: [], bundled: true },
  start: { file: shoal, args: ["devstack"], bundled: true },
  test: { file: "scripts/test.ts", args: [], bundled: true },
  bench: { file: "test/bench/main.ts", args: [], bundled: true },
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
  const runtime = findRuntime(import.meta.url);
  if (runtime.problem !== undefined) return refuse(runtime.problem);
  if (target.bundled && currentBundle() === undefined) {
    // A folder that cannot be written, or source that is being changed: the source runs too.
    const code = await run(runtime, "scripts/program/main.mjs", []);
    if (code !== 0)
      process.stderr.write(
        "shoal: cannot bundle shoal, for the reason above: it runs from its source, and starts more slowly\n",
      );
  }
  return target.file === undefined ? 0 : await run(runtime, target.file, [...target.args, ...args]);
}

async function run(runtime, path, args) {
  const file = path === shoal ? fileURLToPath(findProgram()) : join(root, path);
  if (!existsSync(file)) return refuse(`${path} is missing from this checkout`);
  const bins = join(root, "node_modules", ".bin");
  const env = {
    ...process.env,
    PATH: [bins, process.env.PATH ?? ""].join(delimiter),
    NODE_COMPILE_CACHE: compileCacheFolder(process.env),
  };
  return await runNode(runtime, ["--disable-warning=ExperimentalWarning", file, ...args], env);
}

function isOlder(version, [major, minor]) {
  const [thisMajor, thisMinor] = version.split(".").map(Number);
  return thisMajor < major || (thisMajor === major && thisMinor < minor);
}

function refuse(why) {
  process.stderr.write(`shoal: ${why}\n`);
  return 1;
}
