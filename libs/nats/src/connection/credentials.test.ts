import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCredentials } from "./credentials.ts";

const servers = ["nats://me:in%20url@host:4222"];
let folder = "";
let file = "";
const unreadable: string[] = [];
const of = (more: object) => createCredentials({ servers, ...more }, (why) => unreadable.push(why));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "shoal-password-"));
  file = join(folder, "password");
  unreadable.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("credentials", () => {
  it("are the options' before the URL's", () => {
    expect(of({})()).toEqual({ user: "me", pass: "in url" });
    expect(of({ user: "you", pass: "p" })()).toEqual({ user: "you", pass: "p" });
  });
  it("follow the password file", () => {
    writeFileSync(file, "one\n");
    const current = of({ passwordFile: file });
    expect(current()).toEqual({ user: "me", pass: "one" });
    writeFileSync(file, "two");
    expect(current()).toEqual({ user: "me", pass: "two" });
  });
  it("stay as they were while the file cannot be read", () => {
    writeFileSync(file, "one\r\n");
    const current = of({ passwordFile: file });
    rmSync(file);
    expect(current()).toEqual({ user: "me", pass: "one" });
    writeFileSync(file, "");
    expect(current()).toEqual({ user: "me", pass: "one" });
    expect(unreadable).toEqual([expect.stringContaining("ENOENT"), expect.stringContaining("got nothing")]);
  });
  it.each([
    ["is not there", undefined, "ENOENT"],
    ["is empty", "\n", "got nothing"],
    ["has several lines", "one\ntwo\n", "got several lines"],
    ["is no password file", "x".repeat(5_000), "got 5000 bytes"],
  ])("are refused when the file %s", (_what, text, why) => {
    if (text !== undefined) writeFileSync(file, text);
    expect(() => of({ passwordFile: file })).toThrow(why);
  });
});
