import { readFile } from "node:fs/promises";
import { join } from "node:path";
import asc from "assemblyscript/asc";

const folder = join(import.meta.dirname, "assembly");
const options = [
  ...["--optimizeLevel", "3", "--shrinkLevel", "1"],
  // The runtime without deallocation: the program is short.
  ...["--runtime", "stub"],
  // The entry point of a WASI command; without an import for aborting, an abort is a trap.
  ...["--exportStart", "_start", "--use", "abort="],
];

/** Compiles the word counter in this process, from its sources only: the same sources give the same bytes. */
export async function buildWordCount(): Promise<Uint8Array> {
  const written = new Map<string, Uint8Array>();
  const { error, stderr } = await asc.main(["word-count.ts", "--outFile", "word-count.wasm", ...options], {
    readFile: (name) => readFile(join(folder, name), "utf8").catch(() => null),
    writeFile: (name, contents) => {
      written.set(name, typeof contents === "string" ? Buffer.from(contents) : contents);
    },
    listFiles: () => [],
  });
  const module = written.get("word-count.wasm");
  if (error !== null || module === undefined) throw new Error(`word-count was not compiled: ${stderr.toString()}`);
  return module;
}
