import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";

// One sealed box: an ephemeral X25519 key, the ciphertext, and the tag of AES-256-GCM.
const publicBytes = 32;
const tagBytes = 16;
const keyBytes = 32;
// The nonce of GCM. It is derived with the key, which encrypts this one message.
const nonceBytes = 12;
const info = "shoal sealed box 1";

/** A key pair to which values can be sealed. */
export interface BoxKey {
  readonly privateKey: KeyObject;
  /** The raw X25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A new X25519 key pair, from the system's randomness. */
export function newBoxKey(): BoxKey {
  const { privateKey } = generateKeyPairSync("x25519");
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

/** A new private key as PEM (PKCS #8), as `openssl genpkey -algorithm X25519` writes it. */
export const newKeyPem = (): string => newBoxKey().privateKey.export({ format: "pem", type: "pkcs8" }).toString();

/** The raw public key of an X25519 private key. */
export function publicKeyOf(privateKey: KeyObject): Uint8Array {
  return Buffer.from(createPublicKey(privateKey).export({ format: "jwk" }).x ?? "", "base64url");
}

/**
 * Seals bytes to a raw X25519 public key: ephemeral key agreement, HKDF-SHA256, AES-256-GCM. Only the holder of the private key opens
 * them, and only with the same context, which is authenticated and not contained. Throws when the key is not a valid one.
 */
export function sealTo(publicKey: Uint8Array, plain: Uint8Array, context: string): Uint8Array {
  const ephemeral = newBoxKey();
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: keyObjectOf(publicKey) });
  const { key, nonce } = derived(shared, ephemeral.publicKey, publicKey);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(context));
  const encrypted = [cipher.update(plain), cipher.final()];
  return Buffer.concat([ephemeral.publicKey, ...encrypted, cipher.getAuthTag()]);
}

/** Opens what `sealTo` sealed to this key with the same context. Throws when it was sealed otherwise, or was changed. */
export function openSealed({ privateKey, publicKey }: BoxKey, sealed: Uint8Array, context: string): Uint8Array {
  if (sealed.length < publicBytes + tagBytes)
    throw new Error(`expected at least ${publicBytes + tagBytes} bytes of a sealed box, got ${sealed.length}`);
  const ephemeral = sealed.subarray(0, publicBytes);
  const shared = diffieHellman({ privateKey, publicKey: keyObjectOf(ephemeral) });
  const { key, nonce } = derived(shared, ephemeral, publicKey);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(publicBytes, -tagBytes)), decipher.final()]);
}

/** Both public keys are part of the derivation, so that a box is bound to its receiver. */
function derived(shared: Uint8Array, ephemeral: Uint8Array, receiver: Uint8Array) {
  const salt = Buffer.concat([ephemeral, receiver]);
  const bytes = Buffer.from(hkdfSync("sha256", shared, salt, info, keyBytes + nonceBytes));
  return { key: bytes.subarray(0, keyBytes), nonce: bytes.subarray(keyBytes) };
}

const keyObjectOf = (raw: Uint8Array): KeyObject =>
  createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "X25519", x: Buffer.from(raw).toString("base64url") } });
