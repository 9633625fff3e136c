import { describe, expect, it } from "vitest";
import { JobSpec } from "../job/spec.ts";
import { secretReferenceOf } from "./secret-reference.ts";

const specOf = (value: string) =>
  JobSpec.safeParse({ type: "batch", tasks: [{ engine: { type: "noop" }, env: { TOKEN: value } }] });

describe("an environment value", () => {
  it.each([
    ["secret:token", { name: "token" }],
    ["secret:db_PASS-1@3", { name: "db_PASS-1", version: 3 }],
  ])("%s refers to a secret", (value, reference) => {
    expect(secretReferenceOf(value)).toEqual(reference);
    expect(specOf(value).success).toBe(true);
  });
  it.each([
    "secret:",
    "secret:a.b",
    "secret:-a",
    "secret:a@0",
    "secret:a@",
    "secret:a@x",
    "secret:a b",
    "secret:hunter2!",
  ])("%s is refused, and not repeated in the reason", (value) => {
    expect(secretReferenceOf(value)).toBeUndefined();
    const read = specOf(value);
    expect(read.error?.issues[0]?.message).toMatch(/secret:NAME or secret:NAME@VERSION/);
    expect(JSON.stringify(read.error?.issues)).not.toContain("hunter2");
  });
  it.each(["plain", "Secret:token", "env:HOME", " secret:token"])("%s is none", (value) => {
    expect(secretReferenceOf(value)).toBeUndefined();
    expect(specOf(value).success).toBe(true);
  });
});
