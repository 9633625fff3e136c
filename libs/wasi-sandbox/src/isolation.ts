/** The operator's options: a named isolation is required, `auto` takes the best one that works. */
export const isolationOptions = ["auto", "bubblewrap", "namespaces", "none"] as const;
export type IsolationOption = (typeof isolationOptions)[number];

/** An isolation by the operating system around a guest's process, in addition to Node's permission model. */
export interface Isolation {
  readonly name: Exclude<IsolationOption, "auto">;
  /** The command prefix that starts a program isolated and able to read this script; empty without isolation. */
  readonly prefix: (script: string) => readonly string[];
  /** Shell scripts around the program that end it with the process that started it, outermost first; none where the isolation does so. */
  readonly guards: readonly string[];
}

// A shell that kept the channels of the guest's process would keep them open after the process has ended.
const close = "exec 3<&- 5<&- 6<&- 7<&- 8<&- 2>/dev/null";

/*
 * Where the isolation does not end the guest's process with this one, a shell starts it and waits until its descriptor 4 is closed. This
 * process closes it to end the guest; the system closes it when this process dies, even by SIGKILL. Then the shell kills the guest and
 * exits. So an endless loop never outlives the node. The process id cannot be reused before, as the shell has not yet waited for it.
 * A watcher thread inside the guest's process would have the same effect, but takes 60 ms and 8 MiB for each process.
 */
const guard = `"$@" 4<&- & ${close}; read -r end <&4; kill -9 $!; wait $!`;
// Process 1 of a process namespace, with whose end the kernel ends all others. It cannot be the guest's, which then could not kill itself.
const firstProcess = `"$@" & ${close}; wait $!`;

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
  guards: [],
};

// Files stay visible: only bubblewrap hides them. Not with --fork: the parent would keep the channels open.
const unshare = ["unshare", "--net", "--pid", "--ipc"];

/** Empty namespaces for network and processes, with util-linux. */
const inUserNamespace: Isolation = {
  name: "namespaces",
  prefix: () => [...unshare, "--user"],
  guards: [guard, firstProcess],
};
/** The same without a user namespace, which root does not need and some systems do not have. */
const asRoot: Isolation = { name: "namespaces", prefix: () => unshare, guards: [guard, firstProcess] };

/** The permission model alone. */
export const noIsolation: Isolation = { name: "none", prefix: () => [], guards: [guard] };

const bestFirst: readonly Isolation[] = [bubblewrap, inUserNamespace, asRoot, noIsolation];

/** The isolations to try for an option, best first. A stronger one than requested is accepted, except for `none`. */
export function isolationsFor(option: IsolationOption): readonly Isolation[] {
  if (option === "auto") return bestFirst;
  if (option === "namespaces") return bestFirst.filter(({ name }) => name !== "none");
  return bestFirst.filter(({ name }) => name === option);
}
