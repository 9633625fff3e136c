import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { RunningServer, ServerUser } from "@shoal/nats/server";
import { CliError, failureInWords } from "../failure.ts";
import { type Child, stopMs } from "./child.ts";
import { endLeftover } from "./end-leftover.ts";
import { wantFreePort } from "./free-port.ts";
import { lockDataDir } from "./lock.ts";

/** The NATS server of a devstack: its data is locked, and it ends with this process, whatever ends this one. */
export interface LogServer {
  /** Starts a server on this port; 0 takes any free one. Its facts are `url` and `port`. */
  start(port: number): Child;
  /** Releases the data; the server has stopped. */
  release(): void;
}

/** The data and the clients of a devstack's server. */
export interface LogServerOptions {
  readonly dataDir: string;
  readonly users: readonly ServerUser[];
  readonly signal: AbortSignal;
}

// The input is a pipe from this process: it ends when this process has ended, also by SIGKILL. A shell has 2 MiB; Node has 50.
const reaperScript = 'read -r end; kill "$(cat "$1")"';

/** Locks the data directory. Throws CliError DATA_DIR_IN_USE. */
export async function openLogServer({ dataDir, users, signal }: LogServerOptions): Promise<LogServer> {
  const lock = await lockDataDir(dataDir, signal);
  const pidFile = join(dataDir, "nats.pid");
  // The lock is free as soon as its holder is dead; the holder's server may still run.
  await endLeftover(pidFile, signal).catch((failure: unknown) => {
    lock.release();
    throw failure;
  });
  // A separate process group: Ctrl-C in the terminal reaches only this process.
  const reaper = spawn("/bin/sh", ["-c", reaperScript, "sh", pidFile], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const run = async (port: number): Promise<RunningServer> => {
    await wantFreePort(port, "--nats-port");
    const { findServer, startServer } = await import("@shoal/nats/server");
    const place = { dataDir, pidFile, port: port === 0 ? -1 : port, users, detached: true };
    const server = await startServer(await findServer(), place);
    // The system may give its number to another process.
    server.ended.then(() => rmSync(pidFile, { force: true }));
    return server;
  };
  return {
    start: (port) => childOf(run(port)),
    release() {
      reaper.kill("SIGKILL");
      lock.release();
    },
  };
}

function childOf(starting: Promise<RunningServer>): Child {
  let server: RunningServer | undefined;
  const failed = (failure: unknown): CliError => {
    const { code, why, hint } = failureInWords(failure);
    return new CliError(code, `nats: ${why}`, hint);
  };
  const ready = starting.then(
    (running) => {
      server = running;
      return { url: running.url, port: running.port };
    },
    (failure: unknown) => Promise.reject(failed(failure)),
  );
  const ended = starting.then(
    async (running) => (await running.ended).stderrTail.at(-1) ?? "it printed nothing",
    (failure: unknown) => failed(failure).message,
  );
  return {
    name: "nats",
    pid: () => server?.pid ?? 0,
    ready,
    ended,
    async stop() {
      const running = await starting.catch(() => undefined);
      const killTimer = setTimeout(() => void running?.kill(), stopMs);
      await running?.stop();
      clearTimeout(killTimer);
    },
    kill: () => void server?.kill(),
  };
}
