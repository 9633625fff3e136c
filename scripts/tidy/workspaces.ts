/** The workspace a file belongs to (`libs/core`), or undefined for the root's own files. */
export function workspaceOf(path: string): string | undefined {
  return /^(?:libs|services|apps)\/[^/]+/.exec(path)?.[0];
}

/** `@shoal/core/testing` names the workspace `core`; undefined for every other package. */
export function ownPackage(from: string): string | undefined {
  return /^@shoal\/([^/]+)/.exec(from)?.[1];
}

/** The package that an import names: `@nats-io/kv/x` is `@nats-io/kv`; undefined for relative and node: imports. */
export function packageOf(from: string): string | undefined {
  if (from.startsWith(".") || from.startsWith("/") || from.startsWith("node:")) return undefined;
  return from.split("/", from.startsWith("@") ? 2 : 1).join("/");
}

/** The file that a relative import in `path` names. */
export function resolveImport(path: string, from: string): string | undefined {
  if (!from.startsWith(".")) return undefined;
  const parts = path.split("/").slice(0, -1);
  for (const part of from.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
