/**
 * The messages between the node and the process of a guest, over one stream of frames (see frame.ts).
 *
 * The process has no permission to open a file: it sends requests to the node, which resolves every path in the guest's tree.
 * Paths are the guest's; handles are numbers that the node assigned.
 */
import type { Errno } from "./errno.ts";

/** Bytes of a read, a write or a piece of output in one frame. 1 MiB: large enough that the round trip is negligible. */
export const bodyBytesMax = 1024 * 1024;

/** 4096, the limit of Linux. */
export const pathBytesMax = 4096;

/** The descriptor of the channel, after the three standard streams. */
export const channelDescriptor = 3;

/** The descriptor of the first lane of a process that serves a namespace. Before it are the control channel and the shell's pipe. */
export const firstLane = 5;

/** Four lanes at most: a shell names descriptors by one digit. */
export const lanesMax = 4;

/** JavaScript heap of a lane's thread: the guest's tables and garbage-collected objects. 128 MiB, as in a separate process. */
export const laneHeapBytes = 128 * 1024 * 1024;

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

/** The file requests of the process. Every one gets a reply, in order. */
export type FileRequest =
  | ({ readonly op: "open"; readonly follow: boolean; readonly flags: OpenFlags } & PathOf)
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
  // The bytes are the frame's body; without an offset they are appended to the file.
  | { readonly op: "write"; readonly handle: number; readonly offset?: number | undefined }
  | { readonly op: "resize"; readonly handle: number; readonly sizeBytes: number }
  | { readonly op: "sync"; readonly handle: number };

export interface OpenFlags {
  readonly write: boolean;
  readonly create: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
  readonly directory: boolean;
}

/** An HTTP request; the frame's body is the request's. It gets a reply like a file request. */
export interface HttpCall {
  readonly op: "http";
  readonly method: number;
  readonly url: string;
  readonly headers: string;
  readonly bodyBytesMax: number;
}

/** Bytes of a URL and of request headers together: common servers accept 8 KiB of each. */
export const httpHeadBytesMax = 16_384;

/** The node's reply to one request; the fields besides `errno` depend on the request. */
export interface FileAnswer {
  readonly errno?: Errno;
  readonly handle?: number;
  readonly kind?: FileKind;
  /** Whether the file cannot change while the guest runs, so that it may be read ahead. */
  readonly fixed?: boolean;
  readonly stats?: FileStat;
  readonly entries?: readonly ListedFile[];
  readonly target?: string;
  /** The file's size after an appending write. */
  readonly end?: number;
  /** The reply to an HTTP request; the frame's body is the response's. */
  readonly http?: { readonly result: number; readonly status?: number; readonly headers?: string };
}

/** How the guest ended, as reported by its process. */
export interface Ending {
  readonly exitCode: number;
  readonly failure?: { readonly code: "TASK_INVALID" | "OUT_OF_MEMORY"; readonly why: string } | undefined;
}

/** Messages of the process without a reply. */
export type Notice =
  | { readonly op: "ready" }
  | { readonly op: "compiled" }
  | { readonly op: "refused"; readonly why: string }
  | { readonly op: "output"; readonly stream: "stdout" | "stderr" }
  | ({ readonly op: "ended" } & Ending)
  // The thread of a lane has ended, with what it died of; the next guest may come when a new one is ready.
  | { readonly op: "gone"; readonly why: string };

/** A memory that a module imports, with its limits. */
export interface RequiredMemory {
  readonly module: string;
  readonly name: string;
  readonly minimumPages: number;
  readonly maximumPages: number;
}

/** One run. The frame's body contains the bytes of the modules in order; the last module is the entry module. */
export interface RunRequest {
  readonly modules: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly memories: readonly RequiredMemory[];
  readonly memoryBytes: number;
  readonly entrypoint: string;
  readonly args: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  /** Whether the guest may make HTTP requests, which the node checks. */
  readonly hasHttp: boolean;
  /** Folders that are open from the start, as descriptors 3, 4, … */
  readonly preopens: readonly { readonly handle: number; readonly path: string }[];
}
