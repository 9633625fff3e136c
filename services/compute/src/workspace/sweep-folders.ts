import type { Workspace } from "./workspace.ts";

/** Removes the folders of all executions but these: what a killed process left behind. */
export async function sweepFolders(workspace: Workspace, keep: ReadonlySet<string>): Promise<void> {
  for (const executionId of await workspace.list()) {
    if (!keep.has(executionId)) await workspace.clear(executionId);
  }
}
