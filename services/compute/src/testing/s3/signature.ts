import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const hex = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");
const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();
// RFC 3986, as signature version 4 demands it: also !'()* are encoded.
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** The error code of a request whose signature (version 4, in its headers) or body is not valid, or undefined. */
export function signatureProblem(request: IncomingMessage, body: Buffer, key: AccessKey): string | undefined {
  const { headers } = request;
  const form = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(.+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, id, scope = "", signed = "", signature = ""] = form.exec(headers.authorization ?? "") ?? [];
  if (id === undefined) return "AccessDenied";
  if (id !== key.accessKeyId) return "InvalidAccessKeyId";
  const digest = String(headers["x-amz-content-sha256"]);
  if (digest !== hex(body)) return "XAmzContentSHA256Mismatch";
  const names = signed.split(";");
  if (!["host", "x-amz-content-sha256", "x-amz-date"].every((name) => names.includes(name))) return "AccessDenied";
  const canonical = [
    request.method,
    ...targetOf(request),
    ...names.map((name) => `${name}:${String(headers[name]).trim().replaceAll(/ +/g, " ")}`),
    "",
    signed,
    digest,
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hex(canonical)].join("\n");
  const signingKey = scope.split("/").reduce<Buffer | string>(hmac, `AWS4${key.secretAccessKey}`);
  const expected = hmac(signingKey, toSign);
  return timingSafeEqual(expected, Buffer.from(signature, "hex")) ? undefined : "SignatureDoesNotMatch";
}

function targetOf({ url = "/" }: IncomingMessage): readonly [string, string] {
  const { pathname, searchParams } = new URL(url, "http://server");
  const path = pathname.split("/").map((part) => encode(decodeURIComponent(part)));
  const query = [...searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  return [path.join("/"), query.join("&")];
}
