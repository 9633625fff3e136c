import { describe, expect, it } from "vitest";
import { allowed, fixedPart, unreadable } from "./allow-list.ts";

describe("a line of an allow list", () => {
  it.each([
    ["/data", "/data", false],
    ["/data/:rw", "/data", true],
    ["/a:b/**:ro", "/a:b/**", false],
    ["/", "/", false],
  ])("%s is the pattern %s", (line, pattern, mayWrite) => {
    expect(allowed(line)).toMatchObject({ pattern, mayWrite });
  });

  it.each([
    ["/**", "/"],
    ["/", "/"],
    ["/a/*/c", "/a/b/c"],
    ["/a/**/c", "/a/c"],
    ["/a/**/c", "/a/b/b/c"],
    ["/a(b)[c]{d}$", "/a(b)[c]{d}$"],
  ])("%s matches %s", (line, path) => {
    expect(allowed(line).matches(path)).toBe(true);
  });

  it.each([
    ["/", "/a"],
    ["/a/*/c", "/a/b/b/c"],
    ["/a/**/c", "/ac"],
    ["/a*", "/a/b"],
  ])("%s does not match %s", (line, path) => {
    expect(allowed(line).matches(path)).toBe(false);
  });

  it.each(["data", "./data", "/data/../etc", ":ro", ""])("%o is invalid", (line) => {
    expect(unreadable(line)).toContain(`"${line}"`);
    expect(() => allowed(line)).toThrow();
  });

  it.each([
    ["/a/b/**", "/a/b"],
    ["/a/b", "/a/b"],
    ["/**", "/"],
    ["/a*/b", "/"],
  ])("%s begins with %s", (pattern, fixed) => {
    expect(fixedPart(pattern)).toBe(fixed);
  });
});
