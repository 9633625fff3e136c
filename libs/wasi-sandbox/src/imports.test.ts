import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fromText } from "./testing/program.ts";
import { onStage } from "./testing/stage.ts";

const stage = onStage();
const preview1 = "wasi_snapshot_preview1";

/** A library with one function, mounted at /lib/one.wasm. */
async function library() {
  const folder = await stage.folder("lib");
  await writeFile(join(folder, "one.wasm"), fromText(`(module (func (export "one")))`));
  return {
    inputs: [{ hostPath: folder, target: "/lib", readOnly: true }],
    program: { imports: ["/lib/one.wasm"] },
  };
}

describe("an import with the name of a JavaScript property", () => {
  it.each([
    ["a property of every object", "constructor", "groupBy", "(func (param externref externref) (result externref))"],
    ["the prototype of every object", "constructor", "prototype", "(global externref)"],
    [
      "a property of every object, of preview 1",
      preview1,
      "constructor",
      "(func (param externref) (result externref))",
    ],
    ["a method of every object, of preview 1", preview1, "toString", "(func (result externref))"],
    ["the prototype itself", "__proto__", "toString", "(func (result externref))"],
    ["the prototype of preview 1", preview1, "__proto__", "(global externref)"],
    ["a host function as a value", preview1, "fd_write", "(global externref)"],
    ["a function of a library as a value", "/lib/one.wasm", "one", "(global externref)"],
    ["a property of every object, of a library", "/lib/one.wasm", "valueOf", "(func (result externref))"],
  ])("is refused: %s", async (...[, module, name, type]) => {
    const guest = fromText(`(module (import "${module}" "${name}" ${type}) (func (export "_start")))`);
    const { exit } = await stage.run(guest, await library());
    expect(exit).toEqual({
      exitCode: 126,
      failure: { code: "TASK_INVALID", why: expect.stringContaining(`"${module}" "${name}"`) },
    });
    expect(exit.failure?.why).not.toContain(import.meta.dirname);
  });

  it.each([
    ["constructor", "keys"],
    ["__proto__", "memory"],
    ["env", "__proto__"],
  ])("is an ordinary name where a memory is expected: %s %s", async (module, name) => {
    const guest = fromText(`(module (import "${module}" "${name}" (memory 1))
      (import "${preview1}" "proc_exit" (func $exit (param i32)))
      (func (export "_start") (call $exit (memory.size))))`);
    expect((await stage.run(guest)).exit).toEqual({ exitCode: 1 });
  });

  it("does not link a memory where a function is expected", async () => {
    const guest = fromText(`(module (import "${preview1}" "fd_write" (memory 1)) (func (export "_start")))`);
    expect((await stage.run(guest)).exit.failure?.code).toBe("TASK_INVALID");
  });
});

describe("an export with the name of a JavaScript property", () => {
  it.each(["constructor", "__proto__", "toString"])(
    "does not replace a missing entry function: %s",
    async (Entrypoint) => {
      const guest = fromText(`(module (func (export "_start")))`);
      const { exit } = await stage.run(guest, { program: { entrypoint: Entrypoint } });
      expect(exit.failure).toMatchObject({ code: "TASK_INVALID", why: expect.stringContaining(`"${Entrypoint}"`) });
    },
  );
  it.each(["constructor", "__proto__", "then"])(
    "is the entry function when the module exports it: %s",
    async (Entrypoint) => {
      const guest = fromText(`(module (import "${preview1}" "proc_exit" (func $exit (param i32)))
      (func (export "${Entrypoint}") (call $exit (i32.const 7))))`);
      expect((await stage.run(guest, { program: { entrypoint: Entrypoint } })).exit).toEqual({ exitCode: 7 });
    },
  );
});

describe("a module with very many names", () => {
  it("imports ten thousand functions that nothing provides: the message names some", async () => {
    const imports = Array.from({ length: 10_000 }, (_, n) => `(import "${"m".repeat(50)}" "f${n}" (func))`);
    const { exit } = await stage.run(fromText(`(module ${imports.join("")} (func (export "_start")))`));
    expect(exit.failure).toMatchObject({ code: "TASK_INVALID", why: expect.stringContaining("and 9995 more") });
  });
  it("imports a function with a name of 90,000 bytes", async () => {
    const guest = fromText(`(module (import "env" "${"x".repeat(90_000)}" (func)) (func (export "_start")))`);
    expect((await stage.run(guest)).exit.failure?.code).toBe("TASK_INVALID");
  });
  it("exports fifty thousand functions and no entry function: the message names some", async () => {
    const exports = Array.from({ length: 50_000 }, (_, n) => `(export "function-${n}" (func $f))`);
    const { exit } = await stage.run(fromText(`(module (func $f) ${exports.join("")})`));
    expect(exit.failure).toMatchObject({
      code: "TASK_INVALID",
      why: expect.stringContaining('only "function-0", "function-1"'),
    });
  });
});
