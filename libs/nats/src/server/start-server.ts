import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Fault } from "@shoal/core/fault";
import type { ServerProgram } from "./find-server.ts";
import { type ServerSettings, serverConfig } from "./server-config.ts";

/** A nats-server that runs as a child process. */
export interface RunningServer {
  /** nats://host:port, without a user. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Stops it gracefully and waits for its exit. May be called repeatedly. */
  stop(): Promise<void>;
  /** Kills it, as a crash would, and waits for its exit. */
  kill(): Promise<void>;
  /** Resolves when it has exited: whether `stop` or `kill` was called, and the last lines of its stderr. */
  readonly ended: Promise<{ readonly asked: boolean; readonly stderrTail: readonly string[] }>;
}

// The last lines explain an exit; the server's log has more.
const stderrTailMax = 20;
// A server with a million subjects is ready within a second (measured); a slow disk gets thirty times as long.
const readyMs = 30_000;

/**
 * Starts a server over `dataDir`, which contains its configuration and its streams, and resolves once it accepts connections.
 * Port -1 takes any free port; the result has the port. Throws Fault LOG_UNREACHABLE with the end of its stderr when it exits.
 */
export async function startServer(program: ServerProgram, settings: ServerSettings): Promise<RunningServer> {
  const configFile = join(settings.dataDir, "nats.conf");
  mkdirSync(settings.dataDir, { recursive: true });
  // It contains passwords.
  writeFileSync(configFile, serverConfig(settings), { mode: 0o600 });
  const child = spawn(program.path, ["-c", configFile], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: settings.detached ?? false,
  });
  const lines: string[] = [];
  let asked = false;
  const gone = whenGone(child);
  const ended = gone.then(() => ({ asked, stderrTail: lines }));
  const port = await whenReady(child, lines, gone);
  const { pid = 0 } = child;
  const host = settings.host ?? "127.0.0.1";
  const end = async (signal: NodeJS.Signals) => {
    asked = true;
    child.kill(signal);
    await gone;
  };
  return { url: `nats://${host}:${port}`, port, pid, stop: () => end("SIGTERM"), kill: () => end("SIGKILL"), ended };
}

function whenGone(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
}

/** Resolves with the port, which the server logs before it logs that it is ready. */
async function whenReady(child: ChildProcess, lines: string[], gone: Promise<void>): Promise<number> {
  const { promise: ready, resolve, reject } = Promise.withResolvers<number>();
  let port = Number.NaN;
  for (const output of [child.stdout, child.stderr]) {
    if (output === null) continue;
    createInterface({ input: output }).on("line", (line) => {
      lines.push(line);
      if (lines.length > stderrTailMax) lines.shift();
      const listening = /Listening for client connections on .*:(\d+)$/.exec(line);
      if (listening !== null) port = Number(listening[1]);
      if (line.includes("Server is ready")) resolve(port);
    });
  }
  const why = (what: string) => new Fault("LOG_UNREACHABLE", `nats-server ${what}: ${lines.join(" | ")}`);
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
    reject(why(`was not ready within ${readyMs} ms`));
  }, readyMs);
  gone.then(() => reject(why("ended before it was ready")));
  return await ready.finally(() => clearTimeout(timer));
}
