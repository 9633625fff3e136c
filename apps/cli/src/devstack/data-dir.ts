import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The folders and files of a devstack. */
export interface DataDir {
  readonly path: string;
  /** The folder of one of its processes. */
  of(name: string): string;
  /** The log file of one of its processes. */
  logOf(name: string): string;
  /** The password of a user of the NATS server: generated once, stored for the next start. */
  passwordOf(user: string): string;
  /** The file of the cluster's key for secrets: generated once. */
  readonly secretKeyFile: string;
}

// 192 bits, as 32 characters.
const passwordBytes = 24;

/** Opens the folder of a devstack, or creates it. Only its owner has access. */
export function openDataDir(path: string): DataDir {
  mkdirSync(join(path, "logs"), { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  const file = join(path, "passwords.json");
  // The mode option of a write applies to new files only.
  if (existsSync(file)) chmodSync(file, 0o600);
  const passwords = readPasswords(file);
  const secretKeyFile = join(path, "secret-keys.pem");
  if (!existsSync(secretKeyFile)) writeFileSync(secretKeyFile, newKey(), { mode: 0o600 });
  return {
    path,
    of: (name) => join(path, name),
    logOf: (name) => join(path, "logs", `${name}.log`),
    passwordOf(user) {
      const known = passwords.get(user);
      if (known !== undefined) return known;
      const made = randomBytes(passwordBytes).toString("base64url");
      passwords.set(user, made);
      writeFileSync(file, `${JSON.stringify(Object.fromEntries(passwords), null, 2)}\n`, { mode: 0o600 });
      return made;
    },
    secretKeyFile,
  };
}

// As `newKeyPem` of @shoal/node: this process stays small without that library.
const newKey = (): string =>
  generateKeyPairSync("x25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();

function readPasswords(file: string): Map<string, string> {
  try {
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    const entries = typeof json === "object" && json !== null ? Object.entries(json) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return new Map(); // No file yet, or a damaged one: new passwords are generated, and the server receives them.
  }
}
