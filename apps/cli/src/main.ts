import { runCli } from "./run-cli.ts";
import { processTerminal } from "./terminal.ts";

// What the client library left behind in a dial that nobody waits for must not keep the process: nothing of ours takes this long.
const lingerMs = 1_000;

process.exitCode = await runCli(process.argv.slice(2), { terminal: processTerminal(), env: process.env });
setTimeout(() => process.exit(), lingerMs).unref();
