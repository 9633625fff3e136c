import { no, type Verdict, yes } from "../policy.ts";

/** Whether a node offers a part of this name. */
export function offers(what: string, required: string, offered: readonly string[]): Verdict {
  if (offered.includes(required.toLowerCase())) return yes();
  return no(`does not support ${what} ${required}; supported: ${offered.join(", ") || "none"}`);
}
