import { fileURLToPath } from "node:url";

/** The operator's options: a named isolation is required, `auto` takes the best one that works. */
export const isolationOptions = ["auto", "bubblewrap", "namespaces", "none"] as const;
export type IsolationWish = (typeof isolationOptions)[number];

/** An isolation by the operating system around a guest's process, in addition to Node's permission model. */
export interface Isolation {
  readonly name: Exclude<IsolationWish, "auto">;
  /** The command prefix that starts a program isolated; empty without isolation. */
  readonly prefix: readonly string[];
}

/** The folder with the code of a guest's process, the only one that it may read. */
export const sandboxFolder = fileURLToPath(new URL("./sandbox/", import.meta.url));

// The folders of the system's libraries on any distribution: Node needs the loader and about six libraries.
const libraries = ["/usr/lib", "/usr/lib64", "/lib", "/lib64"];

/**
 * Empty namespaces for network, processes, mounts and users, no capabilities, and a file system with only Node, its libraries, a shell
 * and the sandbox's code. The guard shell is process 1 in the namespace: when it exits, the kernel kills the rest.
 */
const bubblewrap: Isolation = {
  name: "bubblewrap",
  prefix: [
    ...["bwrap", "--unshare-all", "--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL"],
    ...libraries.flatMap((path) => ["--ro-bind-try", path, path]),
    ...["/bin/sh", process.execPath, sandboxFolder].flatMap((path) => ["--ro-bind", path, path]),
    // The shell opens /dev/null for background processes.
    ...["--dev", "/dev", "--chdir", "/"],
  ],
};

// Files stay visible: only bubblewrap hides them.
const unshare = ["unshare", "--net", "--pid", "--ipc", "--fork", "--kill-child"];

/** Empty namespaces for network and processes, with util-linux. */
const inUserNamespace: Isolation = { name: "namespaces", prefix: [...unshare, "--user"] };
/** The same without a user namespace, which root does not need and some systems do not have. */
const asRoot: Isolation = { name: "namespaces", prefix: unshare };

/** The permission model alone. */
export const noIsolation: Isolation = { name: "none", prefix: [] };

const bestFirst: readonly Isolation[] = [bubblewrap, inUserNamespace, asRoot, noIsolation];

/** The isolations to try for an option, best first. A stronger one than requested is accepted, except for `none`. */
export function isolationsFor(wish: IsolationWish): readonly Isolation[] {
  if (wish === "auto") return bestFirst;
  if (wish === "namespaces") return bestFirst.filter(({ name }) => name !== "none");
  return bestFirst.filter(({ name }) => name === wish);
}
