import type { Workspace } from "./workspace.ts";

/** The content of a memory workspace, by path: a file's text, or undefined for a folder. */
export type MemoryTree = Map<string, string | undefined>;

const root = "/workspace";

/** Folders in a map that outlives it. For simulations and tests; no program can read the files. */
export function memoryWorkspace(tree: MemoryTree = new Map()): Workspace {
  const remove = (folder: string): void => {
    for (const path of [...tree.keys()]) if (path === folder || path.startsWith(`${folder}/`)) tree.delete(path);
  };
  const folderOf = (executionId: string) => `${root}/${executionId}`;
  return {
    folderOf,
    make: async (folder) => {
      tree.set(folder, undefined);
    },
    remake: async (folder) => {
      remove(folder);
      tree.set(folder, undefined);
    },
    begin: (path) => {
      const decoder = new TextDecoder();
      tree.set(path, "");
      return {
        write: (chunk) => tree.set(path, (tree.get(path) ?? "") + decoder.decode(chunk, { stream: true })),
        close: () => {},
      };
    },
    write: async (path, text) => {
      tree.set(path, text);
    },
    clear: async (executionId) => remove(folderOf(executionId)),
    list: async () => [...new Set([...tree.keys()].map((path) => path.split("/")[2] ?? ""))],
  };
}
