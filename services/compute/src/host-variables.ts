/** Reads the host's variables for tasks: only those whose name one of the patterns allows; `*` stands for any characters. */
export function hostVariables(
  env: Readonly<Record<string, string | undefined>>,
  allow: readonly string[],
): (name: string) => string | undefined {
  const patterns = allow.map((pattern) => new RegExp(`^${pattern.split("*").map(literally).join(".*")}$`));
  return (name) => {
    if (!patterns.some((pattern) => pattern.test(name))) return undefined;
    return Object.hasOwn(env, name) ? env[name] : undefined;
  };
}

const literally = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
