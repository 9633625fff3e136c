import { readFileSync, statSync } from "node:fs";
import { Fault } from "@shoal/core";

/** A file that a setting names. */
export interface SecretFile {
  /** The setting, such as `nats.passwordFile`. */
  readonly setting: string;
  readonly path: string;
}

// Larger than any password, key or JWT: a path to a log or a device is not read into memory by mistake.
const fileBytesMax = 65_536;
// Read or write for users that are neither the owner nor in the group.
const othersMode = 0o006;

/** The file's text with plain line ends. Throws Fault CONFIG_INVALID that names the setting when it cannot be read or is too large. */
export function readSecretFile(file: SecretFile): string {
  const { setting, path } = file;
  const { size, text } = contentOf(file);
  if (size <= fileBytesMax) return text.replaceAll("\r\n", "\n");
  throw new Fault("CONFIG_INVALID", `${setting} ${path}: expected at most ${fileBytesMax} bytes, got ${size}`);
}

/** The file's only line, without its line end. Throws Fault CONFIG_INVALID when the file is empty or has several lines. */
export function readSecretLine(file: SecretFile): string {
  const line = readSecretFile(file).replace(/\n$/, "");
  if (line !== "" && !line.includes("\n")) return line;
  const got = line === "" ? "nothing" : "several lines";
  throw new Fault("CONFIG_INVALID", `${file.setting} ${file.path}: expected one line, got ${got}`);
}

/** A warning when other users of the machine can read or change the file; undefined otherwise. */
export function exposureOf({ setting, path }: SecretFile): string | undefined {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & othersMode) === 0) return undefined;
  return `${setting} ${path} is accessible to every user of this machine; run chmod o-rwx on it`;
}

function contentOf({ setting, path }: SecretFile): { readonly size: number; readonly text: string } {
  try {
    const { size } = statSync(path);
    return { size, text: size > fileBytesMax ? "" : readFileSync(path, "utf8") };
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    throw new Fault("CONFIG_INVALID", `${setting} ${path}: ${why}`, { cause: failure });
  }
}
