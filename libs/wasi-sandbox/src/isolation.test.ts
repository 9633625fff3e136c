import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Isolation, isolationsFor, noIsolation } from "./isolation.ts";
import { sandboxLimits } from "./limits.ts";
import { pool } from "./pool.ts";
import { sandboxFlags } from "./sandbox-process.ts";
import { sandboxScript } from "./sandbox-script.ts";
import { wasiSandbox } from "./wasi-sandbox.ts";

const clock = systemClock({ unref: true });
const limits = { ...sandboxLimits, poolSize: 1 };
const folder = mkdtempSync(join(tmpdir(), "shoal-isolation-"));
const listener = createServer((socket) => socket.destroy());
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(async () => {
  await new Promise((resolve) => listener.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** What a script gets to see with a sandbox's rights behind a wall. */
function tried(isolation: Isolation, script: string): string {
  const code = `const say = (text) => process.stdout.write(String(text)); try { ${script} } catch (failure) { say(failure.code) }`;
  // Bubblewrap has no shell inside; process 1 of the namespaces is one.
  const shell = isolation.guards.length === 0 ? [] : ["/bin/sh", "-c", '"$@"; exit $?', "sh"];
  const command = [...shell, process.execPath, ...sandboxFlags(sandboxLimits, sandboxScript()), "-e", code];
  const [file = "", ...args] = [...isolation.prefix(sandboxScript()), ...command];
  // 20 s: fifty times what it takes; a process that is stuck behind a wall fails its test.
  return spawnSync(file, args, { env: {}, encoding: "utf8", timeout: 20_000, killSignal: "SIGKILL" }).stdout;
}

const connecting = () => `require("net").connect(${port}, "127.0.0.1").on("connect", () => say("connected"))
  .on("error", ({ code }) => say(code)).on("connect", function () { this.destroy() })`;
const signalling = `say(process.kill(${process.pid}, 0))`;
const filing = (file: string) => `new (require("node:sqlite").DatabaseSync)("${file}"); say("made")`;

const [bubblewrap] = isolationsFor("bubblewrap");
const [, namespaces] = isolationsFor("namespaces");
const isUsable = (isolation: Isolation | undefined) => isolation !== undefined && tried(isolation, "say(1)") === "1";

/** The rows of one wall; `holds` is false for the control: without it the tests would prove nothing. */
function suite(
  isolation: Isolation | undefined = noIsolation,
  hides = { network: true, processes: true, files: true },
) {
  it(`${hides.network ? "cannot" : "can"} connect to the node's loopback network`, () => {
    const seen = tried(isolation, connecting());
    hides.network ? expect(seen).toMatch(/^E(CONNREFUSED|NETUNREACH)$/) : expect(seen).toBe("connected");
  });
  it(`${hides.processes ? "cannot" : "can"} send signals to other processes`, () => {
    expect(tried(isolation, signalling)).toBe(hides.processes ? "ESRCH" : "true");
  });
  it(`${hides.files ? "cannot" : "can"} create files of the node's user by SQLite`, () => {
    const file = join(folder, `${isolation.name}.db`);
    tried(isolation, filing(file));
    expect(existsSync(file)).toBe(!hides.files);
  });
}

describe("a guest's process under the permission model alone", () => {
  suite(noIsolation, { network: false, processes: false, files: false });
});
describe.skipIf(!isUsable(bubblewrap))("a guest's process in bubblewrap (needs bubblewrap)", () => {
  suite(bubblewrap);
});
describe.skipIf(!isUsable(namespaces))("a guest's process in namespaces (needs namespaces)", () => {
  suite(namespaces, { network: true, processes: true, files: false });
});

describe("the isolation of a pool's processes", () => {
  const missing: Isolation = { name: "bubblewrap", prefix: () => ["/nonexistent/bwrap"], guards: [] };
  const broken: Isolation = {
    name: "namespaces",
    prefix: () => ["/bin/sh", "-c", "echo no namespaces here >&2; exit 1"],
    guards: noIsolation.guards,
  };

  it("is the first that works, and the log has the reason when it is none", async () => {
    const lines: unknown[] = [];
    const logger = { info: () => {}, warn: (fields: object, message: string) => lines.push([message, fields]) };
    const sandboxes = pool({ clock, limits, logger, isolations: [missing, broken, noIsolation] });
    await sandboxes.proven();
    await sandboxes.proven();
    await sandboxes.close();
    expect(lines).toEqual([
      [
        expect.stringContaining("without isolation"),
        {
          cure: expect.stringContaining("bubblewrap"),
          refused: [
            expect.stringMatching(
              /^bubblewrap: a process for a guest could not be started: .*\/nonexistent\/bwrap: not found/,
            ),
            expect.stringContaining("no namespaces here"),
          ],
        },
      ],
    ]);
  });
  it("is required by its name: without it the pool starts no process", async () => {
    const sandboxes = pool({ clock, limits, isolations: [missing] });
    await expect(sandboxes.proven()).rejects.toMatchObject({ code: "ENGINE_FAILED" });
    await expect(sandboxes.take("")).rejects.toThrow("/nonexistent/bwrap");
    await sandboxes.close();
  });
  it.each(["bubblewrap", "namespaces"] as const)("%s is never replaced by none", (option) => {
    expect(isolationsFor(option).map(({ name }) => name)).not.toContain("none");
  });
  it("may be switched off", async () => {
    const sandbox = wasiSandbox({ clock, limits, sandbox: "none" });
    expect(await sandbox.unavailable()).toBeUndefined();
    await sandbox.close();
  });
});
