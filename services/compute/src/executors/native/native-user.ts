import { readFileSync } from "node:fs";

/** A user of the machine, by number. */
export interface NativeUser {
  readonly uid: number;
  readonly gid: number;
}

/** Finds the user that a setting names. Returns the reason as text when there is none, or it is root. */
export function nativeUser(name: string, passwd = "/etc/passwd"): NativeUser | string {
  const [, uid, gid] = /^(\d{1,9}):(\d{1,9})$/.exec(name) ?? entryOf(name, passwd);
  if (uid === undefined || gid === undefined)
    return `engines.native.user: expected a user of this machine or <uid>:<gid>, got "${name}"`;
  const user = { uid: Number(uid), gid: Number(gid) };
  return user.uid === 0 || user.gid === 0 ? "engines.native.user: expected an unprivileged user, got root" : user;
}

function entryOf(name: string, passwd: string): readonly (string | undefined)[] {
  try {
    const lines = readFileSync(passwd, "utf8").split("\n");
    const fields = lines.map((line) => line.split(":")).find(([user]) => user === name) ?? [];
    return [name, fields[2], fields[3]];
  } catch {
    return [];
  }
}
