import { no, type Verdict, yes } from "../policy.ts";

/** Whether a node offers a part of this name. */
export function offers(what: string, expected: string, offered: readonly string[]): Verdict {
  if (offered.includes(expected.toLowerCase())) return yes();
  return no(`does not support ${what} ${expected}; supported: ${offered.join(", ") || "none"}`);
}
