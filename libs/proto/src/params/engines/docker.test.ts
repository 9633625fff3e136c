import { describe, expect, it } from "vitest";
import { DockerParams } from "./docker.ts";

const because = (params: object) => DockerParams.safeParse(params).error?.issues.map(({ message }) => message);

describe("docker params", () => {
  it("need only an image", () => {
    const plain = { Image: "a:latest", Entrypoint: [], Parameters: [], EnvironmentVariables: [], WorkingDirectory: "" };
    expect(DockerParams.parse({ Image: "a" })).toEqual(plain);
    const nulls = {
      Image: "a",
      Entrypoint: null,
      Parameters: null,
      EnvironmentVariables: null,
      WorkingDirectory: null,
    };
    expect(DockerParams.parse(nulls)).toEqual(plain);
  });

  it("stay the same when they are parsed again", () => {
    const once = DockerParams.parse({ Image: "a", Parameters: ["b"], WorkingDirectory: "/c" });
    expect(DockerParams.parse(once)).toEqual(once);
  });

  it.each([
    [{}, /string/],
    [{ Image: "No Image" }, /"No Image" is not an image reference/],
    [{ Image: "a", WorkingDirectory: "here" }, /absolute path/],
    [{ Image: "a", EnvironmentVariables: ["NOVALUE"] }, /NAME=value/],
    [{ Image: "a", EnvironmentVariables: ["=value"] }, /NAME=value/],
    [{ Image: "a", Parameters: ["zero\0byte"] }, /zero byte/],
    [{ Image: "a", Parameters: "one" }, /array/],
    [{ Image: "a", Privileged: true }, /Privileged/],
  ])("%o are refused with the reason", (params, reason) => {
    expect(because(params)).toEqual([expect.stringMatching(reason)]);
  });
});
