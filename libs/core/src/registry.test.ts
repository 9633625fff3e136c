import { describe, expect, it } from "vitest";
import { Bug, Fault } from "./fault.ts";
import { registry } from "./registry.ts";

const parts = registry("engine", [{ name: "Docker" }, { name: "wasm" }]);

describe("a registry", () => {
  it("finds a part by its name in any case", () => {
    expect(parts.get("docker")).toBe(parts.get("DOCKER"));
    expect(parts.get("docker").name).toBe("Docker");
    expect([parts.has("Wasm"), parts.has("podman")]).toEqual([true, false]);
  });
  it("lists the known parts when a part is unknown", () => {
    expect(() => parts.get("podman")).toThrow(Fault);
    expect(() => parts.get("podman")).toThrow(/no engine "podman", only docker, wasm/);
  });
  it("refuses two parts of one name", () => {
    expect(() => registry("engine", [{ name: "wasm" }, { name: "WASM" }])).toThrow(Bug);
  });
});
