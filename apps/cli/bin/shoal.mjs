import { existsSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { compileCacheFolder } from "./compile-cache.mjs";

const folder = compileCacheFolder(process.env);
// For the processes that this one starts.
process.env.NODE_COMPILE_CACHE = folder;
enableCompileCache(folder);
// A checkout has the source; a published package has only what was built (Node strips no types under node_modules).
const source = new URL("../src/main.ts", import.meta.url);
const main = existsSync(source) ? source : new URL("../main.js", import.meta.url);
await import(main.href);
