import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "@shoal/core";
import { isShallow, levelsMax } from "@shoal/proto";

/** Reads a JSON body; undefined when it is empty. Throws Fault BAD_REQUEST, UNSUPPORTED_MEDIA. */
export function jsonBody(bytes: Buffer, headers: IncomingHttpHeaders): unknown {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw new Fault("UNSUPPORTED_MEDIA", `wanted a plain body, found content-encoding ${encoding}`);
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new Fault("BAD_REQUEST", "the body is not valid UTF-8");
  const json = parse(bytes.toString());
  if (!isShallow(json))
    throw new Fault("BAD_REQUEST", `the body has lists and objects in more than ${levelsMax} levels`);
  return json;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    throw new Fault("BAD_REQUEST", `the body is not valid JSON: ${why}`, { cause: failure });
  }
}
