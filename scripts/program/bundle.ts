import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type OutputChunk, type Plugin, rolldown } from "rolldown";
import { joined, mainPath, type SandboxMain, sourcesOf } from "../../libs/wasi-sandbox/src/sandbox-script.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const entry = join(root, "apps/cli/src/main.ts");

// A program that a module starts as a separate process or thread.
const started = /new URL\("(\.[\w./-]*\/)([\w-]+)\.ts", import\.meta\.url\)/g;

/**
 * Bundles `shoal` into `folder`, with everything that it starts or loads later: the code of this repository in some 80 modules in place
 * of 800, which load in half the time. Other packages are imported. Returns the files it was made from, relative to the checkout.
 */
export async function bundleProgram(folder: string): Promise<readonly string[]> {
  const bundle = await rolldown({
    input: { main: entry },
    platform: "node",
    external: /^(?!\.|\/|@shoal\/)/,
    plugins: [startedPrograms()],
    logLevel: "warn",
    onLog: (_level, { message }) => {
      throw new Error(message);
    },
  });
  const { output } = await bundle.write({
    dir: folder,
    format: "esm",
    // Node reads .mjs as a module without looking for a package.json.
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name].mjs",
    // A process that outlives its files may load a later version of one: a missing name then fails, and none is mistaken for another.
    minifyInternalExports: false,
  });
  await bundle.close();
  const chunks = output.filter((each) => each.type === "chunk");
  refuseNested(chunks);
  // Besides files there are modules of the bundler, without a path.
  const files = [...chunks.flatMap(({ moduleIds }) => moduleIds), ...writeSandboxes(folder)].filter(isAbsolute);
  return [...new Set(files)].map((file) => relative(root, file));
}

/** All files of a bundle are in one folder: a program that a module starts becomes one of them, and its path in the module changes. */
function startedPrograms(): Plugin {
  const sources = new Map([["main", entry]]);
  return {
    name: "started-programs",
    transform: {
      filter: { id: /\.ts$/, code: started },
      handler(code, id) {
        return code.replace(started, (_, path: string, name: string) => {
          const source = join(dirname(id), path, `${name}.ts`);
          const earlier = sources.get(name);
          if (earlier !== undefined && earlier !== source)
            throw new Error(`two programs are named ${name}: ${earlier} and ${source}; rename one`);
          if (earlier === undefined) this.emitFile({ type: "chunk", id: source, fileName: `${name}.mjs` });
          sources.set(name, source);
          return `new URL("./${name}.mjs", import.meta.url)`;
        });
      },
    },
  };
}

const sandboxMains: readonly SandboxMain[] = ["main", "main-lanes"];

/** Writes the modules of guests' processes, which the sandbox reads as text, as one each. Returns their sources. */
function writeSandboxes(folder: string): readonly string[] {
  mkdirSync(join(folder, "sandbox"), { recursive: true });
  return sandboxMains.flatMap((main) => {
    const sources = sourcesOf(mainPath(main));
    writeFileSync(join(folder, "sandbox", `${main}.mjs`), joined(sources));
    return sources.map(({ path }) => path);
  });
}

/** A bundle finds packages from where it is. A package that is also installed in a workspace would be found in another version. */
function refuseNested(chunks: readonly OutputChunk[]): void {
  const imported = chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
  const nested = ["libs", "services", "apps"]
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name, "node_modules")))
    .flatMap((modules) =>
      imported.filter((name) => existsSync(join(modules, name))).map((name) => join(modules, name)),
    );
  if (nested.length > 0) throw new Error(`${basename(nested[0] ?? "")} is installed twice: ${nested.join(", ")}`);
}
