import { readFileSync, statSync } from "node:fs";
import { Fault } from "@shoal/core";
import type { Credentials } from "./peer.ts";

/** Where credentials come from. */
export interface CredentialSettings {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly pass?: string;
  /** A file that holds the password; it is read for every connection, so a new password needs no restart. */
  readonly passwordFile?: string;
  readonly token?: string;
}

/** Who we are at the server, as it is known now. Never throws: when the file cannot be read, the last password is used. */
export type CurrentCredentials = () => Credentials;

// Longer than any password; a path that names a log or a device by mistake is not read into memory.
const passwordBytesMax = 4_096;

/**
 * Credentials as the options say, else as the first URL does. Throws Fault CONFIG_INVALID when the password file cannot be
 * read now; later failures are reported to `onUnreadable`.
 */
export function createCredentials(
  settings: CredentialSettings,
  onUnreadable: (why: string) => void,
): CurrentCredentials {
  const fixed = fixedOf(settings);
  const { passwordFile } = settings;
  if (passwordFile === undefined) return () => fixed;
  let last = readPassword(passwordFile);
  return () => {
    try {
      last = readPassword(passwordFile);
    } catch (failure) {
      onUnreadable(failure instanceof Error ? failure.message : String(failure));
    }
    return { ...fixed, pass: last };
  };
}

function fixedOf({ servers, user, pass, token }: CredentialSettings): Credentials {
  const [first] = servers;
  const named = first === undefined ? {} : credentialsIn(first);
  const who = { user: user ?? named.user, pass: pass ?? named.pass, token };
  return {
    ...(who.user === undefined ? {} : { user: who.user }),
    ...(who.pass === undefined ? {} : { pass: who.pass }),
    ...(who.token === undefined ? {} : { token: who.token }),
  };
}

function credentialsIn(server: string): Credentials {
  const url = URL.parse(server);
  if (url === null || url.username === "") return {};
  return { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
}

/** The file's text without the line end that editors put behind it. */
function readPassword(file: string): string {
  const { size, text } = contentOf(file);
  const password = text.replace(/\r?\n$/, "");
  if (password !== "" && !/[\r\n]/.test(password)) return password;
  const found = size > passwordBytesMax ? `${size} bytes` : password === "" ? "nothing" : "several lines";
  throw new Fault("CONFIG_INVALID", `nats.passwordFile ${file}: expected one line with the password, got ${found}`);
}

function contentOf(file: string): { readonly size: number; readonly text: string } {
  try {
    const { size } = statSync(file);
    return { size, text: size > passwordBytesMax ? "" : readFileSync(file, "utf8") };
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    throw new Fault("CONFIG_INVALID", `nats.passwordFile ${file}: ${why}`, { cause: failure });
  }
}
