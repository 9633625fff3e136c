import { createHash, createHmac, createPublicKey, type KeyObject, verify } from "node:crypto";
import { Fault } from "@shoal/core";
import { fromWire } from "@shoal/proto";
import { z } from "zod";

/** The name of the only method: a client proves that it has the private key of the key that it names. */
export const clientKey = "ClientKey";

// A phrase lives as long as a client may take to answer; the previous phrase is still valid.
const phraseMs = 300_000;
// A token lives a month, so that a client in occasional use need not authenticate again.
const tokenMs = 30 * 24 * 3600 * 1000;

/**
 * The phrase to sign at this time (milliseconds since the epoch). Nothing is stored: the phrase is derived from the
 * secret.
 */
function phraseAt(secret: string, now: number): Buffer {
  return createHmac("sha256", secret)
    .update(`phrase ${Math.floor(now / phraseMs)}`)
    .digest();
}

/** The description of the method. */
export function requirement(secret: string, now: number) {
  return { type: "challenge", params: { inputPhrase: phraseAt(secret, now).toString("base64") } } as const;
}

const Answer = z.object({ phraseSignature: z.base64().min(1), publicKey: z.base64().min(1) });

/** Verifies a response to the challenge and returns a token that names the key. Throws Fault UNAUTHORIZED. */
export function redeem(secret: string, methodData: unknown, now: number): string {
  const answer = fromWire(Answer, opened(methodData));
  if (!answer.ok) throw new Fault("UNAUTHORIZED", answer.problems.join("\n"));
  const der = Buffer.from(answer.value.publicKey, "base64");
  const key = readKey(der);
  const signature = Buffer.from(answer.value.phraseSignature, "base64");
  const phrases = [now, now - phraseMs].map((at) => phraseAt(secret, at));
  if (!phrases.some((phrase) => verify("sha256", phrase, key, signature)))
    throw new Fault("UNAUTHORIZED", "the signature does not match the phrase and the key, or the phrase has expired");
  return tokenFor(secret, createHash("sha256").update(der).digest("hex"), now);
}

// A signature and a key of 16,384 bits, the largest that OpenSSL checks, in base64 twice, and room to spare.
const methodDataChars = 16_384;

/** The method's data is JSON in base64; plain JSON is accepted too. */
function opened(methodData: unknown): unknown {
  if (typeof methodData !== "string") return methodData;
  if (methodData.length > methodDataChars)
    throw new Fault(
      "UNAUTHORIZED",
      `expected MethodData of at most ${methodDataChars} characters, got ${methodData.length}`,
    );
  try {
    return JSON.parse(Buffer.from(methodData, "base64").toString());
  } catch (failure) {
    throw new Fault("UNAUTHORIZED", "MethodData is not JSON in base64", { cause: failure });
  }
}

/** Bacalhau's clients send PKCS#1; SPKI, the form of other tools, is accepted too. Only RSA keys sign this way. */
function readKey(der: Buffer): KeyObject {
  for (const type of ["pkcs1", "spki"] as const) {
    try {
      const key = createPublicKey({ key: der, format: "der", type });
      if (key.asymmetricKeyType === "rsa") return key;
    } catch {
      // The other form may match.
    }
  }
  throw new Fault("UNAUTHORIZED", "PublicKey is not an RSA public key in DER form");
}

/** A JSON Web Token (RFC 7519), signed with HMAC SHA-256. */
function tokenFor(secret: string, subject: string, now: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  const unsigned = `${part({ alg: "HS256", typ: "JWT" })}.${part({ iss: "shoal", sub: subject, iat: seconds(now), exp: seconds(now + tokenMs) })}`;
  return `${unsigned}.${createHmac("sha256", secret).update(unsigned).digest("base64url")}`;
}
