/** A file that is written as output arrives. */
export interface OutputFile {
  /**
   * Appends. What the disk refuses is dropped, with everything after it; the operator is warned once, and `write` fails
   * in this folder from then on.
   */
  write(chunk: Uint8Array): void;
  close(): void;
}

/**
 * The folders of executions, under one root of the node. Throws Fault DATA_DIR_FAILED when the disk refuses,
 * NODE_DISK_FULL when it is full.
 */
export interface Workspace {
  /** The path of an execution's folder, whether or not it exists. */
  folderOf(executionId: string): string;
  /** Creates a folder and its parents; an existing one is unchanged. */
  make(folder: string): Promise<void>;
  /** Creates an empty folder, and removes what an earlier attempt left in it. */
  remake(folder: string): Promise<void>;
  /** Creates or truncates a file in an existing folder. */
  begin(path: string): OutputFile;
  /**
   * Writes a whole file into an existing folder. Throws the first failure of an output file in that folder, because its
   * content is incomplete.
   */
  write(path: string, text: string): Promise<void>;
  /** Removes an execution's folder with its content; succeeds when it does not exist. */
  clear(executionId: string): Promise<void>;
  /** The ids of executions that have a folder. */
  list(): Promise<readonly string[]>;
}

/** Removes the folders of all executions except these: what a killed process left behind. */
export async function sweepFolders(workspace: Workspace, keep: ReadonlySet<string>): Promise<void> {
  for (const executionId of await workspace.list()) {
    if (!keep.has(executionId)) await workspace.clear(executionId);
  }
}
