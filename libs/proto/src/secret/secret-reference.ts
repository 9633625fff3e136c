import { secretLimits } from "./sealed-secret.ts";

/** The secret that an environment value refers to. */
export interface SecretReference {
  readonly name: string;
  /** The version; the latest one at the start of the execution when left out. */
  readonly version?: number;
}

const prefix = "secret:";
const reference = /^secret:([^@]*)(?:@([1-9]\d{0,8}))?$/;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** Why a text cannot be a secret's name; undefined when it can. */
export function secretNameProblem(name: string): string | undefined {
  if (name.length <= secretLimits.nameChars && namePattern.test(name)) return undefined;
  return `expected 1 to ${secretLimits.nameChars} letters, digits, _ and -, beginning with a letter or digit`;
}

/** Whether an environment value refers to a secret, in a valid way or not. */
export const isSecretReference = (value: string): boolean => value.startsWith(prefix);

/** The secret in an environment value `secret:NAME` or `secret:NAME@VERSION`; undefined for any other value. */
export function secretReferenceOf(value: string): SecretReference | undefined {
  const [, name, version] = reference.exec(value) ?? [];
  if (name === undefined || secretNameProblem(name) !== undefined) return undefined;
  return { name, ...(version === undefined ? {} : { version: Number(version) }) };
}
