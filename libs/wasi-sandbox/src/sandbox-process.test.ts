import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Isolation, isolationsFor, noIsolation } from "./isolation.ts";
import { sandboxLimits } from "./limits.ts";
import { framesFrom, sandboxFlags, startProcess, startSandboxProcess } from "./sandbox-process.ts";
import { joined, mainPath, sandboxScript, sourcesOf } from "./sandbox-script.ts";

const freeze = join(import.meta.dirname, "sandbox", "freeze.ts");

/** Whether this machine has the isolation. */
function isThere(isolation: Isolation): boolean {
  const [file = "true", ...args] = [...isolation.prefix(sandboxScript()), process.execPath, "--version"];
  return spawnSync(file, args).status === 0;
}

/** What a script gets to see that runs with a sandbox's rights, before or after the intrinsics are frozen. */
function tried(script: string, when: "before" | "after" = "before"): string {
  const attempt = `try { console.log(${script}) } catch (failure) { console.log(failure.code ?? failure.name) }`;
  const frozen = `${joined(sourcesOf(freeze))} main.freezeIntrinsics(); ${attempt}`;
  const code = when === "after" ? frozen : attempt;
  const { stdout } = spawnSync(process.execPath, [...sandboxFlags(sandboxLimits, sandboxScript()), "-e", code], {
    env: {},
    encoding: "utf8",
  });
  return stdout.trim();
}

describe("a guest's process", () => {
  const denied = "ERR_ACCESS_DENIED";
  it.each([
    ["read a file", `require("fs").readFileSync("/etc/hostname")`, denied],
    ["list a folder", `require("fs").readdirSync("/")`, denied],
    ["write a file", `require("fs").writeFileSync("${join(tmpdir(), "from-a-sandbox")}", "")`, denied],
    ["read its own environment's file", `require("fs").readFileSync("/proc/self/environ")`, denied],
    ["start a process", `require("child_process").spawnSync("/bin/true").error.code`, denied],
    ["start a thread", `new (require("worker_threads").Worker)("", { eval: true })`, denied],
    ["use node:wasi", `new (require("wasi").WASI)({ version: "preview1" }).getImportObject()`, denied],
    ["create code from text", `new Function("return 1")()`, "EvalError"],
    ["know the node's environment", "Object.keys(process.env).length", "0"],
  ])("cannot %s, even with hostile code", (_what, script, answer) => {
    expect(tried(script)).toBe(answer);
  });

  it.each([
    ["change what all objects share", `Reflect.set(Object.prototype, "planted", 1)`, "false"],
    ["change the engine", `Reflect.defineProperty(WebAssembly.Memory.prototype, "grow", { value: 1 })`, "false"],
    ["change what a prototype inherits", `Reflect.setPrototypeOf(Map.prototype, {})`, "false"],
    ["change what iterates an array", `Reflect.set(Object.getPrototypeOf([][Symbol.iterator]()), "next", 1)`, "false"],
  ])("cannot %s", (_what, script, answer) => {
    expect(tried(script, "after")).toBe(answer);
  });

  it("leaves nothing changeable that is reachable from what all code shares", () => {
    const walk = `(() => {
      const found = new Set([Object, Array, Uint8Array, Map, Promise, Intl, JSON, Math, Reflect, Atomics, WebAssembly]);
      const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";
      for (const one of found) {
        const properties = Reflect.ownKeys(one).map((key) => Reflect.getOwnPropertyDescriptor(one, key));
        const parts = [Object.getPrototypeOf(one), ...properties.flatMap(({ value, get, set }) => [value, get, set])];
        for (const part of parts) if (isObject(part)) found.add(part);
      }
      return [found.size > 300, [...found].filter((one) => !Object.isFrozen(one)).length].join();
    })()`;
    expect(tried(walk, "after")).toBe("true,0");
  });

  it("may read its own code, which proves that the attempts run", () => {
    expect(tried(`require("fs").readFileSync("${sandboxScript()}").length > 0`)).toBe("true");
  });

  it("loads no module of Node that takes time to load", () => {
    const required = joined(sourcesOf(mainPath("main"))).matchAll(/require\("([^"]+)"\)/g);
    expect([...required].map(([, name]) => name)).toEqual(["node:fs"]);
  });

  it.each([
    ["random numbers", `crypto.getRandomValues(new Uint8Array(3)).length`, "3"],
    ["an error of Node", `require("fs").writeSync(1000, "")`, "EBADF"],
    [
      "text",
      `new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([255]))`,
      "ERR_ENCODING_INVALID_ENCODED_DATA",
    ],
  ])("can still use what it needs of Node: %s", (_what, script, answer) => {
    expect(tried(script, "after")).toBe(answer);
  });

  describe.each([
    ["bubblewrap (needs bubblewrap)", isolationsFor("bubblewrap")[0]],
    ["namespaces of a user (needs namespaces)", isolationsFor("namespaces")[1]],
    ["namespaces (needs namespaces)", isolationsFor("namespaces")[2]],
    ["none", noIsolation],
  ])("isolated by %s", (_name, isolation = noIsolation) => {
    it("leaves nothing behind when it is killed while it starts", async () => {
      const sandbox = startSandboxProcess(sandboxLimits, { isolation });
      sandbox.kill();
      await sandbox.gone;
      expect((await sandbox.frames.next()).done).toBe(true);
    });

    it("closes its channel when it ends by itself", async () => {
      const sandbox = startSandboxProcess(sandboxLimits, { isolation });
      // Where this isolation is not there, the process ends without it.
      await sandbox.frames.next();
      // What it cannot read ends the guest's process.
      sandbox.send("no header of a guest");
      let frame = await sandbox.frames.next();
      while (frame.done !== true) frame = await sandbox.frames.next();
      sandbox.kill();
      await sandbox.gone;
    });

    it("closes the lane whose thread is ended, and no other", async () => {
      const { line, laneSockets, kill, gone } = startProcess(sandboxLimits, { isolation, lanes: 2 });
      const [first, second] = laneSockets.map(framesFrom);
      await Promise.all([first?.next(), second?.next()]);
      line?.write(new Uint8Array([0]));
      laneSockets[0]?.end();
      let frame = await first?.next();
      while (frame?.done === false) frame = await first?.next();
      expect(laneSockets[1]?.readableEnded).toBe(!isThere(isolation));
      kill();
      await gone;
    });
  });

  it("exits when it is killed before it has any work", async () => {
    const sandbox = startSandboxProcess(sandboxLimits, { isolation: noIsolation });
    expect((await sandbox.frames.next()).value?.header).toBe('{"op":"ready"}');
    sandbox.kill();
    expect(await sandbox.frames.next()).toEqual({ done: true, value: undefined });
    await sandbox.gone;
  });
});
