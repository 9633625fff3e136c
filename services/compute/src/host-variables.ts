// Variables that contain credentials of the cluster or their location: this process's settings, the variables of NATS
// clients and tools, and the node's login for Docker Hub. Names in any case.
const secretNames = /^(SHOAL|NATS|NKEY)(_|S?$)|(^|_)NKEY(_|$)|^DOCKER_(USERNAME|PASSWORD)$/i;
// An NKEY seed is S, the kind of key and 56 characters of base32; a credentials file has its name in the first line.
const secretValues = /(^|[^A-Z2-7])S[ACNOUX][A-Z2-7]{56}($|[^A-Z2-7])|BEGIN (NATS USER JWT|USER NKEY SEED)/;

/**
 * Reads the host's variables for tasks: only names that match one of the patterns, in which `*` matches any characters.
 * Whatever the patterns, a variable that looks like a credential of the cluster, by name or by value, is never read.
 */
export function hostVariables(
  env: Readonly<Record<string, string | undefined>>,
  allow: readonly string[],
): (name: string) => string | undefined {
  const patterns = allow.map((pattern) => new RegExp(`^${pattern.split("*").map(literally).join(".*")}$`));
  return (name) => {
    if (secretNames.test(name) || !patterns.some((pattern) => pattern.test(name))) return undefined;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    return value !== undefined && secretValues.test(value) ? undefined : value;
  };
}

const literally = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
