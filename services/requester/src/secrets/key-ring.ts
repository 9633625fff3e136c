import { createPrivateKey } from "node:crypto";
import { Fault } from "@shoal/core";
import { type BoxKey, openSealed, publicKeyOf, sealTo } from "@shoal/node";
import { type SealedSecret, sha256 } from "@shoal/proto";

/** The cluster's keys for secrets: the first one seals, all of them open. */
export interface KeyRing {
  /** The key that seals. */
  readonly keyId: string;
  /** Seals a value. Opening it needs the same context. */
  seal(value: string, context: string): SealedSecret;
  /** Opens a value. Throws Fault SECRETS_UNAVAILABLE when the key is not here, or the value was sealed for another context. */
  open(secret: SealedSecret, context: string): string;
}

/** The namespace, name and version of a secret, which its sealed value authenticates. */
export const secretContext = (namespace: string, name: string, version: number): string =>
  `shoal secret ${namespace}/${name}/${version}`;

const pemBlock = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g;
// As long as the ids of commits in short form: enough to tell a handful of keys apart.
const keyIdChars = 16;

/** Reads X25519 private keys in PEM. Throws Fault CONFIG_INVALID, which names the setting, when there is none or one is of another type. */
export function keyRing(pem: string, setting = "secrets.keyFile"): KeyRing {
  const keys = (pem.match(pemBlock) ?? []).map((block) => readKey(block, setting));
  const [first] = keys;
  if (first === undefined)
    throw new Fault(
      "CONFIG_INVALID",
      `${setting}: expected X25519 private keys in PEM, got none; run shoal secret init`,
    );
  const byId = new Map(keys.map((key) => [keyIdOf(key), key]));
  return {
    keyId: keyIdOf(first),
    seal: (value, context) => ({
      keyId: keyIdOf(first),
      sealed: Buffer.from(sealTo(first.publicKey, Buffer.from(value), context)).toString("base64"),
    }),
    open({ keyId, sealed }, context) {
      const key = byId.get(keyId);
      if (key === undefined)
        throw new Fault(
          "SECRETS_UNAVAILABLE",
          `key ${keyId} is not in ${setting}; expected one of ${[...byId.keys()]}`,
        );
      try {
        return Buffer.from(openSealed(key, Buffer.from(sealed, "base64"), context)).toString();
      } catch (cause) {
        throw new Fault("SECRETS_UNAVAILABLE", `${context}: it was not sealed for this secret, or was changed`, {
          cause,
        });
      }
    },
  };
}

function readKey(pem: string, setting: string): BoxKey {
  try {
    const privateKey = createPrivateKey(pem);
    if (privateKey.asymmetricKeyType === "x25519") return { privateKey, publicKey: publicKeyOf(privateKey) };
  } catch {
    // The library's message may quote what it read.
  }
  throw new Fault("CONFIG_INVALID", `${setting}: expected X25519 private keys in PEM, got a key that is not one`);
}

const keyIdOf = ({ publicKey }: BoxKey): string =>
  sha256(Buffer.from(publicKey).toString("base64")).slice(0, keyIdChars);
