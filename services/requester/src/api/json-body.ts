import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "@shoal/core";
import { apiLimits } from "./limits.ts";

/** Reads a JSON body; undefined when it is empty. Throws Fault BAD_REQUEST, UNSUPPORTED_MEDIA. */
export function jsonBody(bytes: Buffer, headers: IncomingHttpHeaders): unknown {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw new Fault("UNSUPPORTED_MEDIA", `wanted a plain body, found content-encoding ${encoding}`);
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new Fault("BAD_REQUEST", "the body is not valid UTF-8");
  const json = parse(bytes.toString());
  if (!isShallow(json))
    throw new Fault("BAD_REQUEST", `the body has lists and objects in more than ${apiLimits.bodyLevels} levels`);
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

const isNested = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Level by level: whatever comes behind may walk into a body without coming to the end of its stack. */
function isShallow(json: unknown): boolean {
  let level = [json].filter(isNested);
  for (let depth = 0; depth < apiLimits.bodyLevels; depth++) {
    if (level.length === 0) return true;
    level = level.flatMap((value) => Object.values(value).filter(isNested));
  }
  return level.length === 0;
}
