import { describe, expect, it } from "vitest";
import { limitMemories, pageBytes } from "./module-memory.ts";
import { wasmEngine } from "./sandbox/webassembly.ts";
import { fromText } from "./testing/program.ts";

function limited(texts: readonly string[], pages: number) {
  const named = texts.map((text, index) => ({ path: `/m/${index}.wasm`, bytes: fromText(text) }));
  return limitMemories(named, pages * pageBytes);
}

/** How many pages the first module's memory can grow to, by trying. */
function growth(texts: readonly string[], pages: number): number {
  const [module] = limited(texts, pages).modules;
  const { exports } = new wasmEngine.Instance(new wasmEngine.Module(Buffer.from(module?.bytes ?? [])), {});
  const { memory } = exports;
  if (!(memory instanceof wasmEngine.Memory)) throw new Error("the module exports no memory");
  const grow: unknown = Reflect.get(memory, "grow");
  if (typeof grow !== "function") throw new Error("a memory does not grow");
  try {
    for (;;) grow.call(memory, 1);
  } catch {
    return memory.buffer.byteLength / pageBytes;
  }
}

describe("the memory of modules", () => {
  it.each([
    ["no own limit", `(module (memory (export "memory") 1))`, 10],
    ["a higher limit", `(module (memory (export "memory") 1 50))`, 10],
    ["a lower limit", `(module (memory (export "memory") 1 5))`, 5],
    ["numbers of several bytes", `(module (memory (export "memory") 1 60000))`, 10],
    ["all from the start", `(module (memory (export "memory") 10))`, 10],
  ])("is limited in a module with %s", (_what, text, pages) => {
    expect(growth([text], 10)).toBe(pages);
  });
  it("is divided among several memories", () => {
    const { memories } = limited(
      [
        `(module (memory 2))`,
        `(module (import "env" "memory" (memory 1 9)))`,
        `(module (import "/m/0.wasm" "memory" (memory 1)))`,
      ],
      10,
    );
    // Two memories: ten pages, three of them taken at the start, so three more for each.
    expect(memories).toEqual([{ module: "env", name: "memory", minimumPages: 1, maximumPages: 4 }]);
    expect(growth([`(module (memory (export "memory") 2))`, "(module (memory 1))"], 10)).toBe(5);
  });
  it("is found after imports of every other kind", () => {
    const { memories } = limited(
      [
        `(module (import "a" "f" (func (param i32))) (import "a" "t" (table 1 5 funcref)) (import "a" "g" (global (mut i64)))
          (import "a" "e" (tag (param i32))) (import "b" "m" (memory 1)))`,
      ],
      4,
    );
    expect(memories).toEqual([{ module: "b", name: "m", minimumPages: 1, maximumPages: 4 }]);
  });
  it("is refused when the modules start with more than the limit", () => {
    expect(() => limited(["(module (memory 6))", "(module (memory 5))"], 10)).toThrow(
      "/m/0.wasm, /m/1.wasm starts with 720896 bytes of memory; the task may use 655360",
    );
  });
  it("never exceeds what 32 bits address", () => {
    const { memories } = limited([`(module (import "env" "memory" (memory 1)))`], 200_000);
    expect(memories[0]?.maximumPages).toBe(65_536);
  });
});
