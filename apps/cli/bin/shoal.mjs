import { enableCompileCache } from "node:module";
import { compileCacheFolder } from "./compile-cache.mjs";
import { findProgram } from "./program.mjs";

const folder = compileCacheFolder(process.env);
// For the processes that this one starts.
process.env.NODE_COMPILE_CACHE = folder;
enableCompileCache(folder);
await import(findProgram().href);
