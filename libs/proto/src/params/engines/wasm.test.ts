import { expect, it } from "vitest";
import { WasmParams } from "./wasm.ts";

it("refuses a module whose relative path leaves the task's root", () => {
  expect(WasmParams.safeParse({ EntryModule: "app/../../main.wasm" }).success).toBe(false);
  expect(WasmParams.safeParse({ EntryModule: "app/main.wasm" }).success).toBe(true);
});
