import { generateKeyPairSync } from "node:crypto";
import { newKeyPem } from "@shoal/node";
import { describe, expect, it } from "vitest";
import { keyRing, secretContext } from "./key-ring.ts";

const context = secretContext("team", "token", 1);

describe("the cluster's keys", () => {
  it("seal with the first, and open with all: a key is rotated by a new first one", () => {
    const [old, next] = [newKeyPem(), newKeyPem()];
    const sealed = keyRing(old).seal("hunter2", context);
    const rotated = keyRing(next + old);
    expect(rotated.open(sealed, context)).toBe("hunter2");
    const sealedByNext = rotated.seal("hunter3", context);
    expect(sealedByNext.keyId).not.toBe(sealed.keyId);
    expect(keyRing(next).open(sealedByNext, context)).toBe("hunter3");
    expect(() => keyRing(old).open(sealedByNext, context)).toThrow(new RegExp(`key ${sealedByNext.keyId} is not in`));
  });
  it("open a value only as the version of the secret for which it was sealed", () => {
    const ring = keyRing(newKeyPem());
    const sealed = ring.seal("hunter2", context);
    for (const other of [
      secretContext("other", "token", 1),
      secretContext("team", "other", 1),
      secretContext("team", "token", 2),
    ])
      expect(() => ring.open(sealed, other)).toThrow(/was not sealed for this secret/);
  });
  it("refuse a forged value", () => {
    const ring = keyRing(newKeyPem());
    const { keyId, sealed } = ring.seal("hunter2", context);
    const bytes = Buffer.from(sealed, "base64");
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    expect(() => ring.open({ keyId, sealed: bytes.toString("base64") }, context)).toThrow(/was changed/);
    expect(() => ring.open({ keyId, sealed: "AAAA" }, context)).toThrow(/was changed/);
  });
  it("are X25519 keys in PEM, or the setting is named and nothing is quoted", () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const other = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    expect(() => keyRing("hunter2")).toThrow(/secrets.keyFile: expected X25519 private keys in PEM, got none/);
    expect(() => keyRing(newKeyPem() + other)).toThrow(/got a key that is not one/);
    const broken = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";
    expect(() => keyRing(broken)).toThrow(/^(?!.*hunter2).*got a key that is not one/s);
  });
});
