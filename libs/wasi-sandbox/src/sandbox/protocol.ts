/**
 * What the agent and the process of a guest say to each other, over one stream of frames (see frame.ts).
 *
 * The process has no right to open any file: it asks the agent, who looks every path up in the work's own tree.
 * Paths in here are the guest's; handles are numbers that the agent gave out.
 */
import type { Errno } from "./errno.ts";

/** Bytes of a read, a write or a piece of output in one frame. 1 MiB: large enough that the round trip no longer shows. */
export const bodyBytesMax = 1024 * 1024;

/** 4096, as Linux has it: a longer path is nobody's file. */
export const pathBytesMax = 4096;

export type FileKind = "file" | "folder" | "link" | "other";

export interface FileStat {
  readonly kind: FileKind;
  readonly device: number;
  readonly inode: number;
  readonly links: number;
  readonly sizeBytes: number;
  readonly accessedAtMs: number;
  readonly modifiedAtMs: number;
  readonly changedAtMs: number;
}

export interface ListedFile {
  readonly name: string;
  readonly kind: FileKind;
  readonly inode: number;
}

export interface PathOf {
  readonly folder: number;
  readonly path: string;
}

/** What the process may ask of the work's files. Every one is answered, in order. */
export type FileRequest =
  | ({ readonly op: "open"; readonly follow: boolean; readonly want: OpenWish } & PathOf)
  | ({ readonly op: "statAt"; readonly follow: boolean } & PathOf)
  | ({ readonly op: "readlink" } & PathOf)
  | ({ readonly op: "mkdir" } & PathOf)
  | ({ readonly op: "unlink" } & PathOf)
  | ({ readonly op: "rmdir" } & PathOf)
  | ({ readonly op: "rename"; readonly toFolder: number; readonly toPath: string } & PathOf)
  | { readonly op: "close"; readonly handle: number }
  | { readonly op: "stat"; readonly handle: number }
  | { readonly op: "list"; readonly handle: number }
  | { readonly op: "read"; readonly handle: number; readonly offset: number; readonly length: number }
  // The bytes are the frame's body; without an offset they go to the end of the file.
  | { readonly op: "write"; readonly handle: number; readonly offset?: number | undefined }
  | { readonly op: "resize"; readonly handle: number; readonly sizeBytes: number }
  | { readonly op: "sync"; readonly handle: number };

export interface OpenWish {
  readonly write: boolean;
  readonly create: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
  readonly directory: boolean;
}

/** The agent's answer to one request; fields beside `errno` are there as the request needs them. */
export interface FileAnswer {
  readonly errno?: Errno;
  readonly handle?: number;
  readonly kind?: FileKind;
  /** Whether nobody can change the file while the work runs, so that it may be read ahead. */
  readonly fixed?: boolean;
  readonly stats?: FileStat;
  readonly entries?: readonly ListedFile[];
  readonly target?: string;
  /** Where the file's end is after an appending write. */
  readonly end?: number;
}

/** How the guest ended, as its process saw it. */
export interface Ending {
  readonly exitCode: number;
  readonly failure?: { readonly code: "TASK_INVALID" | "OUT_OF_MEMORY"; readonly why: string } | undefined;
}

/** What the process says without being answered. */
export type Notice =
  | { readonly op: "ready" }
  | { readonly op: "compiled" }
  | { readonly op: "refused"; readonly why: string }
  | { readonly op: "output"; readonly stream: "stdout" | "stderr" }
  | ({ readonly op: "ended" } & Ending);

/** A memory that a module wants from outside, with the limits it gets. */
export interface RequiredMemory {
  readonly module: string;
  readonly name: string;
  readonly minimumPages: number;
  readonly maximumPages: number;
}

/** One run. The frame's body holds the modules' bytes one after the other; the last module is the entry module. */
export interface RunRequest {
  readonly modules: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly memories: readonly RequiredMemory[];
  readonly memoryBytes: number;
  readonly entrypoint: string;
  readonly args: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  /** Folders that are open from the start, as descriptors 3, 4, … */
  readonly preopens: readonly { readonly handle: number; readonly path: string }[];
}
