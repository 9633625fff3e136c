import { causeOf, Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";

// Linux error codes of a full disk and of an exhausted quota.
const fullCodes: readonly (string | undefined)[] = ["ENOSPC", "EDQUOT"];

/** The system's error code of a failure, such as ENOENT. */
export function systemCodeOf(failure: unknown): string | undefined {
  const code: unknown = failure instanceof Error ? Reflect.get(failure, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}

/** True when a disk or this user's quota on it is full. */
export const isDiskFull = (failure: unknown): boolean => fullCodes.includes(systemCodeOf(failure));

/**
 * Translates a disk error under this path: NODE_DISK_FULL when there is no space, else `code`. A Fault is returned
 * unchanged.
 */
export function diskFault(path: string, failure: unknown, code: ErrorCode = "DATA_DIR_FAILED"): Fault {
  if (failure instanceof Fault) return failure;
  const why = causeOf(failure).why;
  if (isDiskFull(failure)) return new Fault("NODE_DISK_FULL", `no space for ${path}: ${why}`, { cause: failure });
  return new Fault(code, `${path}: ${why}`, { cause: failure });
}
