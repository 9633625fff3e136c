import { runCli } from "./run-cli.ts";
import { processTerminal } from "./terminal.ts";

// An abandoned dial of the client library must not keep the process alive.
const lingerMs = 1_000;

process.exitCode = await runCli(process.argv.slice(2), { terminal: processTerminal(), env: process.env });
setTimeout(() => process.exit(), lingerMs).unref();
