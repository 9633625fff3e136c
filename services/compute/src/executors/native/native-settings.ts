/** What the owner of a node decides about all of its native tasks. */
export interface NativeSettings {
  /** The user that runs tasks: a name, or a number with a group, as in `1500:1500`. Never root. */
  readonly user: string;
  /** Files and folders of the machine that tasks may read, where the user may. */
  readonly paths: readonly string[];
  /** Processes and threads of the user at once, over all tasks. */
  readonly processesMax: number;
  /** Open files of one process. */
  readonly descriptorsMax: number;
  /** Bytes of one file that a task writes, stdout and stderr included. */
  readonly fileBytesMax: number;
}

/** The defaults of all but the user: enough to run the programs of a Debian machine. */
export const nativeDefaults: Omit<NativeSettings, "user"> = {
  paths: ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/etc"],
  // The number of a container's processes with Docker's usual settings.
  processesMax: 512,
  // The usual soft limit of a Linux process.
  descriptorsMax: 1_024,
  // The default limit of an execution's output.
  fileBytesMax: 4 * 1024 ** 3,
};
