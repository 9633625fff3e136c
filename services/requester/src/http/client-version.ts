import type { IncomingHttpHeaders } from "node:http";
import { build } from "../build.ts";

// The oldest client version that this API supports: Bacalhau's own limit.
const oldest = [1, 4, 0] as const;
const shaped = /^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/;

// The first release whose clients read history without the former states.
const withoutStates = [1, 5, 0] as const;

/** Whether the client's version is older than the release that dropped states from its history. */
export function wantsStates(headers: IncomingHttpHeaders): boolean {
  const value = headers["x-bacalhau-git-version"];
  const parts = typeof value === "string" ? partsOf(value) : undefined;
  return parts === undefined || isUnreleased(parts) ? false : isBefore(parts, withoutStates);
}

/** The error response for a client of this version; undefined when the version is supported or absent. */
export function clientRefusal(headers: IncomingHttpHeaders): { status: number; body: object } | undefined {
  const value = headers["x-bacalhau-git-version"];
  if (typeof value !== "string" || value === "") return undefined;
  const parts = partsOf(value);
  if (parts === undefined)
    return { status: 400, body: { Error: `expected a client version such as v1.9.3, got "${value}"` } };
  if (isUnreleased(parts) || !isBefore(parts, oldest)) return undefined;
  const body = {
    Error: `client version ${value} is not supported: update it to v${oldest.join(".")} or later`,
    MinVersion: `v${oldest.join(".")}`,
    ClientVersion: value,
    ServerVersion: build.gitVersion,
  };
  return { status: 403, body };
}

// Builds without a release have the version v0.0.0.
const isUnreleased = (parts: readonly number[]): boolean => parts.every((part) => part === 0);

function partsOf(value: string): readonly number[] | undefined {
  const match = shaped.exec(value);
  return match === null ? undefined : match.slice(1, 4).map(Number);
}

function isBefore(parts: readonly number[], bound: readonly number[]): boolean {
  const index = parts.findIndex((part, each) => part !== bound[each]);
  return index >= 0 && (parts[index] ?? 0) < (bound[index] ?? 0);
}
