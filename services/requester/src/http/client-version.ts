import type { IncomingHttpHeaders } from "node:http";
import { build } from "../build.ts";

// The oldest client whose requests this API understands: the field's own bound.
const oldest = [1, 4, 0] as const;
const shaped = /^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/;

// The first release whose clients read history without the states that it once had.
const withoutStates = [1, 5, 0] as const;

/** Whether the client says that it is older than the release that no longer wants states in its history. */
export function wantsStates(headers: IncomingHttpHeaders): boolean {
  const said = headers["x-bacalhau-git-version"];
  const parts = typeof said === "string" ? partsOf(said) : undefined;
  return parts === undefined || isUnreleased(parts) ? false : isBefore(parts, withoutStates);
}

/** Why a client of this version is turned away; undefined when it is welcome. One that says nothing is. */
export function clientRefusal(headers: IncomingHttpHeaders): { status: number; body: object } | undefined {
  const said = headers["x-bacalhau-git-version"];
  if (typeof said !== "string" || said === "") return undefined;
  const parts = partsOf(said);
  if (parts === undefined) return { status: 400, body: { Error: `"${said}" is no client version such as v1.9.3` } };
  if (isUnreleased(parts) || !isBefore(parts, oldest)) return undefined;
  const body = {
    Error: `client version ${said} is too old: update it to v${oldest.join(".")} or later`,
    MinVersion: `v${oldest.join(".")}`,
    ClientVersion: said,
    ServerVersion: build.gitVersion,
  };
  return { status: 403, body };
}

// What is built without a release calls itself v0.0.0.
const isUnreleased = (parts: readonly number[]): boolean => parts.every((part) => part === 0);

function partsOf(said: string): readonly number[] | undefined {
  const match = shaped.exec(said);
  return match === null ? undefined : match.slice(1, 4).map(Number);
}

function isBefore(parts: readonly number[], bound: readonly number[]): boolean {
  const index = parts.findIndex((part, each) => part !== bound[each]);
  return index >= 0 && (parts[index] ?? 0) < (bound[index] ?? 0);
}
