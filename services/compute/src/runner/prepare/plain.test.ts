import { describe, expect, it } from "vitest";
import { placesProblem, resultNameProblem, targetProblem } from "./plain.ts";

describe("the name of a result", () => {
  it.each(["out", "0", "_a", "Model v1.2-final", "x".repeat(200), "stdout2"])("may be %j", (name) => {
    expect(resultNameProblem(name)).toBeUndefined();
  });

  it.each([
    ["", /may contain only/],
    ["-rf", /may contain only/],
    [".hidden", /may contain only/],
    ["a/b", /may contain only/],
    ["größer", /may contain only/],
    ["stdout", /"stdout" is reserved/],
    ["STDERR", /"STDERR" is reserved/],
    ["exitCode", /"exitCode" is reserved/],
    ["x".repeat(201), /has 201 characters, at most 200/],
  ])("may not be %j", (name, why) => {
    expect(resultNameProblem(name)).toMatch(why);
  });
});

describe("a path inside the task", () => {
  it.each(["/in", "/data/a.txt", "/data/..a/.b/", "//in"])("may be %j", (path) => {
    expect(targetProblem(path)).toBeUndefined();
  });

  it.each([
    ["", /is not absolute/],
    ["in/a", /is not absolute/],
    ["/", /is the root/],
    ["//", /is the root/],
    ["/in/../../etc", /contains \. or \.\./],
    ["/in/./a", /contains \. or \.\./],
  ])("may not be %j", (path, why) => {
    expect(targetProblem(path)).toMatch(why);
  });
});

describe("the names and paths of a task", () => {
  const results = (...names: readonly string[]) => names.map((name) => ({ name, path: `/out/${name}` }));

  it("are valid together", () => {
    expect(placesProblem({ inputSources: [{ target: "/in" }], resultPaths: results("a", "b") })).toBeUndefined();
    expect(placesProblem({ inputSources: [], resultPaths: [] })).toBeUndefined();
  });

  it.each([
    ["an input", { inputSources: [{ target: "/in" }, { target: "in" }], resultPaths: [] }, /"in" is not absolute/],
    ["a result's path", { inputSources: [], resultPaths: [{ name: "a", path: "out" }] }, /"out" is not absolute/],
    ["a result's name", { inputSources: [], resultPaths: results("a", "stdout") }, /reserved/],
    ["two results that differ in case only", { inputSources: [], resultPaths: results("A", "b", "a") }, /named "a"/],
  ])("are refused because of %s", (_, places, why) => {
    expect(placesProblem(places)).toMatch(why);
  });
});
