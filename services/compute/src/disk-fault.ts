import { causeOf, Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";

// What Linux says of a disk without room and of a quota that is used up.
const fullCodes: readonly (string | undefined)[] = ["ENOSPC", "EDQUOT"];

/** The system's own code of a failure, such as ENOENT. */
export function systemCodeOf(failure: unknown): string | undefined {
  const code: unknown = failure instanceof Error ? Reflect.get(failure, "code") : undefined;
  return typeof code === "string" ? code : undefined;
}

/** True when a disk, or what this user may have of it, is full. */
export const isDiskFull = (failure: unknown): boolean => fullCodes.includes(systemCodeOf(failure));

/** What the disk refused under this path: NODE_DISK_FULL when there is no room, else the code given. A Fault stays as it is. */
export function diskFault(path: string, failure: unknown, code: ErrorCode = "DATA_DIR_FAILED"): Fault {
  if (failure instanceof Fault) return failure;
  const why = causeOf(failure).why;
  if (isDiskFull(failure)) return new Fault("NODE_DISK_FULL", `no room for ${path}: ${why}`, { cause: failure });
  return new Fault(code, `${path}: ${why}`, { cause: failure });
}
