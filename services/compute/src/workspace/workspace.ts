/** A file that is written as output comes. */
export interface OutputFile {
  /** Appends. What the disk refuses is dropped, with all that follows; the operator is warned once, and the folder takes no more `write`. */
  write(chunk: Uint8Array): void;
  close(): void;
}

/** The folders of executions, under one root of the node. Throws Fault DATA_DIR_FAILED when the disk refuses, NODE_DISK_FULL when it is full. */
export interface Workspace {
  /** Where an execution's folder is, whether or not it exists. */
  folderOf(executionId: string): string;
  /** Makes a folder and those above it; one that is there is left as it is. */
  make(folder: string): Promise<void>;
  /** Makes a folder empty: what an earlier try has left in it is removed. */
  remake(folder: string): Promise<void>;
  /** Begins a file anew, in a folder that exists. */
  begin(path: string): OutputFile;
  /** Writes a whole file, in a folder that exists. Throws the first failure of an output file beside it: what lies there is not whole. */
  write(path: string, text: string): Promise<void>;
  /** Removes an execution's folder with all that is in it; one that is not there is removed already. */
  clear(executionId: string): Promise<void>;
  /** The ids of executions that have a folder. */
  list(): Promise<readonly string[]>;
}

/** Removes the folders of all executions but these: what a killed process left behind. */
export async function sweepFolders(workspace: Workspace, keep: ReadonlySet<string>): Promise<void> {
  for (const executionId of await workspace.list()) {
    if (!keep.has(executionId)) await workspace.clear(executionId);
  }
}
