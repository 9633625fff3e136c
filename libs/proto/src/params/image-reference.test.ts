import { describe, expect, it } from "vitest";
import { imageReference } from "./image-reference.ts";

const sum = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("an image reference", () => {
  it.each([
    ["ubuntu", "ubuntu:latest"],
    ["ubuntu:22.04", "ubuntu:22.04"],
    ["team/tool", "team/tool:latest"],
    ["registry.example:5000/team/tool", "registry.example:5000/team/tool:latest"],
    ["127.0.0.1:5000/x:1", "127.0.0.1:5000/x:1"],
    ["[::1]:5000/x:1", "[::1]:5000/x:1"],
    ["Registry.Example/x", "Registry.Example/x:latest"],
    ["a__b/c-d---e.f_g:v_1.2-3", "a__b/c-d---e.f_g:v_1.2-3"],
    [`ubuntu@${sum}`, `ubuntu@${sum}`],
    [`ubuntu:22.04@${sum}`, `ubuntu:22.04@${sum}`],
    [sum, sum],
  ])("%s is written out as %s", (text, full) => {
    expect(imageReference(text)).toBe(full);
  });

  it.each([
    "",
    " ubuntu",
    "ubuntu ",
    "Ubuntu",
    "ubuntu:",
    "ubuntu:-1",
    "-ubuntu",
    "a//b",
    "a/",
    "/a",
    "../a",
    "a:b:c",
    "a@b",
  ])("%o names no image", (text) => {
    expect(imageReference(text)).toBeUndefined();
  });

  it("is limited in length, and an invalid one is refused quickly", () => {
    expect(imageReference("a".repeat(10_000))).toBeUndefined();
    expect(imageReference(`${"a-".repeat(250)}!`)).toBeUndefined();
  });
});
