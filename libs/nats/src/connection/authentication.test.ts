import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/nats-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { signedJwts } from "../testing/signed-jwts.ts";
import { createAuthentication } from "./authentication.ts";
import type { AuthenticationSettings } from "./authentication-settings.ts";

const servers = ["nats://me:in%20url@host:4222"];
let folder = "";
let file = "";
let faultPlan: string[] = [];
const of = (more: Partial<AuthenticationSettings>) =>
  createAuthentication({ servers: ["nats://host:4222"], ...more }, (why, level) => faultPlan.push(`${level}: ${why}`));
/** The credentials that the library sends. */
const sent = (more: Partial<AuthenticationSettings>) => of(more).authenticator("nonce");
const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "shoal-secret-"));
  file = join(folder, "secret");
  faultPlan = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a user and password", () => {
  it("come from the options before the URL", () => {
    expect(sent({ servers })).toEqual({ user: "me", pass: "in url" });
    expect(sent({ servers, user: "you", pass: "p" })).toEqual({ user: "you", pass: "p" });
  });
  it("follow the password file, whose last content is used while it cannot be read", () => {
    write("one\r\n");
    const { authenticator } = of({ servers, passwordFile: file });
    expect(authenticator()).toEqual({ user: "me", pass: "one" });
    write("two");
    expect(authenticator()).toEqual({ user: "me", pass: "two" });
    rmSync(file);
    expect(authenticator()).toEqual({ user: "me", pass: "two" });
    write("");
    expect(authenticator()).toEqual({ user: "me", pass: "two" });
    expect(faultPlan).toEqual([expect.stringContaining("ENOENT"), expect.stringContaining("got nothing")]);
  });
});

describe("a file", () => {
  it.each([
    ["is missing", undefined, "ENOENT"],
    ["is empty", "\n", "got nothing"],
    ["has several lines", "one\ntwo\n", "got several lines"],
    ["is too large for a secret", "x".repeat(65_537), "got 65537"],
  ])("of a password that %s is refused", (_what, text, why) => {
    if (text !== undefined) write(text);
    expect(() => of({ servers, passwordFile: file })).toThrow(why);
  });
  it.each(["credentialsFile", "nkeyFile"] as const)(
    "of nats.%s that is invalid is refused, and the message has none of its content",
    (key) => {
      const seed = Buffer.from(nkeys.createAccount().getSeed()).toString();
      for (const text of [
        "",
        "hello",
        seed,
        signedJwts()
          .credentialsOf("me")
          .replace(/\nSU\w+/, "\nSUSECRET"),
      ]) {
        write(text);
        const open = () => of({ [key]: file });
        expect(open).toThrow(`nats.${key} ${file}: expected`);
        expect(open).not.toThrow(/SUSECRET/);
      }
    },
  );
  it("that every user of the machine can read causes a warning with the command that fixes it", () => {
    write("one");
    for (const mode of [0o600, 0o640]) {
      chmodSync(file, mode);
      of({ tokenFile: file });
    }
    expect(faultPlan).toEqual([]);
    chmodSync(file, 0o644);
    of({ tokenFile: file });
    expect(faultPlan).toEqual([
      `warn: nats.tokenFile ${file} is accessible to every user of this machine; run chmod o-rwx on it`,
    ]);
  });
  it("of a key must be private, and one of a certificate need not be", () => {
    write("PEM");
    chmodSync(file, 0o644);
    of({ caFile: file, certFile: file, keyFile: file });
    expect(faultPlan).toEqual([expect.stringContaining("nats.keyFile")]);
  });
});

describe("the client", () => {
  it("is identified without its secret", () => {
    write(Buffer.from(nkeys.createUser().getSeed()).toString());
    expect(of({ servers }).identity).toBe(`user "me"`);
    expect(of({ token: "s3cret" }).identity).toBe("this token");
    expect(of({ nkeyFile: file }).identity).toMatch(/^nkey U[A-Z2-7]{55}$/);
    expect(of({}).identity).toBe("a client without a user");
  });
});

describe("encryption", () => {
  it("is required with certificate files and tls:// URLs, and is the server's choice otherwise", () => {
    write("PEM");
    expect(of({}).tls).toBeUndefined();
    expect(of({ servers: ["tls://host:4222"] }).tls).toEqual({});
    expect(of({ caFile: file }).tls).toEqual({ caFile: file });
  });
});

describe("settings that contradict each other", () => {
  it.each<readonly [string, Partial<AuthenticationSettings>, string]>([
    [
      "two ways",
      { user: "me", token: "t" },
      "nats.token: expected one way to authenticate, got nats.user and nats.token",
    ],
    ["two files", { credentialsFile: "a", nkeyFile: "b" }, "got nats.credentialsFile and nats.nkeyFile"],
    ["a user in the URL and a token", { servers, token: "t" }, "got nats.token and a user in nats.url"],
    [
      "a token twice",
      { token: "t", tokenFile: "f" },
      "nats.tokenFile: expected nats.token or nats.tokenFile, got both",
    ],
    ["a password twice", { user: "me", pass: "p", passwordFile: "f" }, "nats.passwordFile: expected nats.password or"],
    [
      "a password for no user",
      { passwordFile: "f" },
      "nats.passwordFile: expected nats.user to be set as well, got none",
    ],
    ["a certificate without a key", { certFile: "c" }, "nats.certFile: expected nats.keyFile to be set as well"],
    ["a key without a certificate", { keyFile: "k" }, "nats.keyFile: expected nats.certFile to be set as well"],
  ])("are refused: %s", (_what, settings, message) => {
    expect(() => of(settings)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(() => of(settings)).toThrow(message);
  });
});
