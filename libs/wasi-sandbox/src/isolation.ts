/** The operator's options: a named isolation is required, `auto` takes the best one that works. */
export const isolationOptions = ["auto", "bubblewrap", "namespaces", "none"] as const;
export type IsolationWish = (typeof isolationOptions)[number];

/** An isolation by the operating system around a guest's process, in addition to Node's permission model. */
export interface Isolation {
  readonly name: Exclude<IsolationWish, "auto">;
  /** The command prefix that starts a program isolated and able to read this script; empty without isolation. */
  readonly prefix: (script: string) => readonly string[];
  /** True when the isolation ends the program with the process that started it; else a shell does so. */
  readonly endsWithParent: boolean;
}

// The folders of the system's libraries on any distribution: Node needs the loader and about six libraries.
const libraries = ["/usr/lib", "/usr/lib64", "/lib", "/lib64"];

/**
 * Empty namespaces for network, processes, mounts and users, no capabilities, and a file system with only Node, its libraries and the
 * script of a guest's process. Bubblewrap is process 1 in the namespace: when it exits, the kernel kills the rest.
 */
const bubblewrap: Isolation = {
  name: "bubblewrap",
  prefix: (script) => [
    ...["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"],
    ...libraries.flatMap((path) => ["--ro-bind-try", path, path]),
    ...[process.execPath, script].flatMap((path) => ["--ro-bind", path, path]),
    ...["--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"],
  ],
  endsWithParent: true,
};

// Files stay visible: only bubblewrap hides them.
const unshare = ["unshare", "--net", "--pid", "--ipc", "--fork", "--kill-child"];

/** Empty namespaces for network and processes, with util-linux. */
const inUserNamespace: Isolation = {
  name: "namespaces",
  prefix: () => [...unshare, "--user"],
  endsWithParent: false,
};
/** The same without a user namespace, which root does not need and some systems do not have. */
const asRoot: Isolation = { name: "namespaces", prefix: () => unshare, endsWithParent: false };

/** The permission model alone. */
export const noIsolation: Isolation = { name: "none", prefix: () => [], endsWithParent: false };

const bestFirst: readonly Isolation[] = [bubblewrap, inUserNamespace, asRoot, noIsolation];

/** The isolations to try for an option, best first. A stronger one than requested is accepted, except for `none`. */
export function isolationsFor(wish: IsolationWish): readonly Isolation[] {
  if (wish === "auto") return bestFirst;
  if (wish === "namespaces") return bestFirst.filter(({ name }) => name !== "none");
  return bestFirst.filter(({ name }) => name === wish);
}
