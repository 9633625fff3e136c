import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { noIsolation } from "./isolation.ts";
import { sandboxLimits } from "./limits.ts";
import { sandboxFlags, startSandboxProcess } from "./sandbox-process.ts";

/** What a script gets to see that runs with a sandbox's rights. */
function tried(script: string): string {
  const code = `try { console.log(${script}) } catch (failure) { console.log(failure.code ?? failure.name) }`;
  const { stdout } = spawnSync(process.execPath, [...sandboxFlags(sandboxLimits), "-e", code], {
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
    ["change what all objects share", `Reflect.set(Object.prototype, "planted", 1)`, "false"],
    ["change the engine", `Reflect.defineProperty(WebAssembly.Memory.prototype, "grow", { value: 1 })`, "false"],
    ["know the node's environment", "Object.keys(process.env).length", "0"],
  ])("cannot %s, even with hostile code", (_what, script, answer) => {
    expect(tried(script)).toBe(answer);
  });

  it("may read its own code, which proves that the attempts run", () => {
    expect(tried(`require("fs").readFileSync("${join(import.meta.dirname, "sandbox", "main.ts")}").length > 0`)).toBe(
      "true",
    );
  });

  it("exits when it is killed before it has any work", async () => {
    const sandbox = startSandboxProcess(sandboxLimits, { isolation: noIsolation });
    expect((await sandbox.frames.next()).value?.header).toBe('{"op":"ready"}');
    sandbox.kill();
    expect(await sandbox.frames.next()).toEqual({ done: true, value: undefined });
    await sandbox.gone;
  });
});
