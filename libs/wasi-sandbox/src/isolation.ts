import { fileURLToPath } from "node:url";

/** What an operator may ask for: a wall by name is required, `auto` takes the best that works. */
export const isolationOptions = ["auto", "bubblewrap", "namespaces", "none"] as const;
export type IsolationWish = (typeof isolationOptions)[number];

/** A wall of the system around a guest's process, behind the permission model that the process starts with. */
export interface Isolation {
  readonly name: Exclude<IsolationWish, "auto">;
  /** The program and the arguments that a command is run with; nothing when there is no wall. */
  readonly prefix: readonly string[];
}

/** The folder of a guest's process: all the code that it may read. */
export const sandboxFolder = fileURLToPath(new URL("./sandbox/", import.meta.url));

// Where the system's libraries are, on whatever distribution: Node needs its loader and some six of them.
const libraries = ["/usr/lib", "/usr/lib64", "/lib", "/lib64"];

/**
 * Empty namespaces for network, processes, mounts and users, no capabilities, and of the file system nothing but Node, its libraries, a
 * shell and the code. The shell that watches over the guest is process 1 in there: when it ends, the kernel ends the rest.
 */
const bubblewrap: Isolation = {
  name: "bubblewrap",
  prefix: [
    ...["bwrap", "--unshare-all", "--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL"],
    ...libraries.flatMap((path) => ["--ro-bind-try", path, path]),
    ...["/bin/sh", process.execPath, sandboxFolder].flatMap((path) => ["--ro-bind", path, path]),
    // The shell opens /dev/null for what it starts in the background.
    ...["--dev", "/dev", "--chdir", "/"],
  ],
};

// Files are as before: only bubblewrap hides them.
const unshare = ["unshare", "--net", "--pid", "--ipc", "--fork", "--kill-child"];

/** Empty namespaces for network and processes, by util-linux. */
const inUserNamespace: Isolation = { name: "namespaces", prefix: [...unshare, "--user"] };
/** The same where the system has no namespaces for users, which root does not need. */
const asRoot: Isolation = { name: "namespaces", prefix: unshare };

/** The permission model alone. */
export const noIsolation: Isolation = { name: "none", prefix: [] };

const bestFirst: readonly Isolation[] = [bubblewrap, inUserNamespace, asRoot, noIsolation];

/** The walls to try for a wish, best first. What holds more than was asked for will do, except for `none`. */
export function isolationsFor(wish: IsolationWish): readonly Isolation[] {
  if (wish === "auto") return bestFirst;
  if (wish === "namespaces") return bestFirst.filter(({ name }) => name !== "none");
  return bestFirst.filter(({ name }) => name === wish);
}
