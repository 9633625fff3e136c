import { Refusal } from "../errno.ts";
import type { HostContext } from "../host.ts";
import { bodyBytesMax, httpHeadBytesMax } from "../protocol.ts";

/** The module name under which guests import HTTP requests: Bacalhau's. */
export const httpName = "wasi:http/requests";

// Bacalhau's results of a call that the node does not make or whose response does not fit.
const [badInput, memoryError] = [6, 7];
const methodMax = 6;

/** The functions of the module: `http_request` alone. */
export const httpFunctions: Readonly<Record<string, (host: HostContext, passed: readonly unknown[]) => number>> =
  Object.assign(Object.create(null), { http_request: httpRequest });

/**
 * Makes one request. The arguments are the method, address and length of the URL, of headers and of the body, and the addresses of the
 * buffers for the response's headers and body, each with the address of its length, and of the status. Longer parts are cut off.
 */
function httpRequest(host: HostContext, passed: readonly unknown[]): number {
  try {
    return requested(
      host,
      passed.map((value) => (typeof value === "bigint" ? 0 : Number(value) >>> 0)),
    );
  } catch (failure) {
    // Only an address outside of the memory.
    if (failure instanceof Refusal) return memoryError;
    throw failure;
  }
}

function requested(host: HostContext, passed: readonly number[]): number {
  const [method = 0, url = 0, urlBytes = 0, headers = 0, headersBytes = 0, body = 0, bodyBytes = 0, ...into] = passed;
  const [headersAt = 0, headersLengthAt = 0, bodyAt = 0, bodyLengthAt = 0, statusAt = 0] = into;
  const { memory } = host;
  const isIncomplete = [headersAt, headersLengthAt, bodyAt, bodyLengthAt].includes(0) || method > methodMax;
  if (isIncomplete || urlBytes + headersBytes > httpHeadBytesMax || bodyBytes > bodyBytesMax) return badInput;
  const [headersRoom, bodyRoom] = [memory.u32(headersLengthAt), memory.u32(bodyLengthAt)];
  // Checked before the request, which may have an effect.
  memory.bytes(headersAt, headersRoom);
  memory.bytes(bodyAt, bodyRoom);
  if (statusAt !== 0) memory.u32(statusAt);
  const call = {
    op: "http" as const,
    method,
    url: memory.text(url, urlBytes),
    headers: memory.text(headers, headersBytes),
    bodyBytesMax: bodyRoom,
  };
  const { answer, body: received } = host.http(call, memory.bytes(body, bodyBytes));
  if (answer.http === undefined) return badInput;
  const { result, status = 0, headers: lines = "" } = answer.http;
  if (result !== 0) return result;
  const head = new TextEncoder().encode(lines).subarray(0, headersRoom);
  memory.bytes(headersAt, head.byteLength).set(head);
  memory.setU32(headersLengthAt, head.byteLength);
  memory.bytes(bodyAt, received.byteLength).set(received);
  memory.setU32(bodyLengthAt, received.byteLength);
  if (statusAt !== 0) memory.setU32(statusAt, status);
  return 0;
}
