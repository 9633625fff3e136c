import { useCompileCache } from "./process/compile-cache.ts";

// An abandoned dial of the client library must not keep the process alive.
const lingerMs = 1_000;

useCompileCache();
const [{ runCli }, { processTerminal }] = await Promise.all([import("./run-cli.ts"), import("./terminal.ts")]);
process.exitCode = await runCli(process.argv.slice(2), { terminal: processTerminal(), env: process.env });
setTimeout(() => process.exit(), lingerMs).unref();
