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

/** What a request claims: in its headers, or in the query of a presigned URL. */
interface Claim {
  readonly id: string;
  readonly scope: string;
  readonly signed: string;
  readonly signature: string;
  readonly date: string;
  readonly digest: string;
}

/** The error code of a request whose signature (version 4, in its headers or its query) or body is not valid, or undefined. */
export function signatureProblem(request: IncomingMessage, body: Buffer, key: AccessKey): string | undefined {
  const { headers } = request;
  const query = new URL(request.url ?? "/", "http://server").searchParams;
  const isPresigned = query.has("X-Amz-Signature");
  const claim = isPresigned ? claimOfQuery(query) : claimOfHeaders(headers);
  if (claim === undefined) return "AccessDenied";
  if (claim.id !== key.accessKeyId) return "InvalidAccessKeyId";
  const names = claim.signed.split(";");
  if (isPresigned) {
    if (!names.includes("host") || claim.digest !== "UNSIGNED-PAYLOAD") return "AccessDenied";
    if (Date.now() > dateOf(claim.date) + Number(query.get("X-Amz-Expires")) * 1_000) return "AccessDenied";
  } else {
    if (claim.digest !== hex(body)) return "XAmzContentSHA256Mismatch";
    if (!["host", "x-amz-content-sha256", "x-amz-date"].every((name) => names.includes(name))) return "AccessDenied";
  }
  const canonical = [
    request.method,
    ...targetOf(request),
    ...names.map((name) => `${name}:${String(headers[name]).trim().replaceAll(/ +/g, " ")}`),
    "",
    claim.signed,
    claim.digest,
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", claim.date, claim.scope, hex(canonical)].join("\n");
  const signingKey = claim.scope.split("/").reduce<Buffer | string>(hmac, `AWS4${key.secretAccessKey}`);
  const expected = hmac(signingKey, toSign);
  return timingSafeEqual(expected, Buffer.from(claim.signature, "hex")) ? undefined : "SignatureDoesNotMatch";
}

function claimOfHeaders(headers: IncomingMessage["headers"]): Claim | undefined {
  const form = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(.+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, id, scope = "", signed = "", signature = ""] = form.exec(headers.authorization ?? "") ?? [];
  if (id === undefined) return undefined;
  const date = String(headers["x-amz-date"]);
  return { id, scope, signed, signature, date, digest: String(headers["x-amz-content-sha256"]) };
}

function claimOfQuery(query: URLSearchParams): Claim | undefined {
  const of = (name: string) => query.get(`X-Amz-${name}`) ?? "";
  const [, id, scope = ""] = /^([^/]+)\/(.+)$/.exec(of("Credential")) ?? [];
  const signature = of("Signature");
  if (id === undefined || !/^[0-9a-f]{64}$/.test(signature)) return undefined;
  return { id, scope, signed: of("SignedHeaders"), signature, date: of("Date"), digest: of("Content-Sha256") };
}

/** A date of the signature, `20261122T060000Z`, as milliseconds since the epoch. */
function dateOf(text: string): number {
  const [, day = "", hours = "", minutes = "", seconds = ""] = /^(\d{8})T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const date = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
  return Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`);
}

function targetOf({ url = "/" }: IncomingMessage): readonly [string, string] {
  const { pathname, searchParams } = new URL(url, "http://server");
  const path = pathname.split("/").map((part) => encode(decodeURIComponent(part)));
  const signed = [...searchParams].filter(([name]) => name !== "X-Amz-Signature");
  const query = signed.map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  return [path.join("/"), query.join("&")];
}
