import { no, type Verdict, yes } from "../policy.ts";

/** Whether a node offers a part of this name. */
export function offers(what: string, wanted: string, offered: readonly string[]): Verdict {
  if (offered.includes(wanted.toLowerCase())) return yes();
  return no(`does not support ${what} ${wanted}, only ${offered.join(", ") || "none"}`);
}
