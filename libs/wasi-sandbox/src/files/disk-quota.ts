import { Refusal } from "../sandbox/errno.ts";

interface Line {
  /** Its size when it was first opened, which does not count for the guest. */
  readonly foundBytes: number;
  sizeBytes: number;
  open: number;
  linked: boolean;
}

/** Identifies a file independent of its name. */
export interface FileId {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
}

/** Counts what a guest has written, by file. Sizes are the files' lengths, holes included, as in a result. */
export interface DiskQuota {
  /** Called when a file is opened for writing; it counts with its current size. */
  opened(file: FileId): void;
  closed(file: FileId): void;
  /** Called before a file grows to this size; refuses with DQUOT over the limit. */
  reaches(file: FileId, sizeBytes: number): void;
  resized(file: FileId, sizeBytes: number): void;
  sizeOf(file: FileId): number;
  /** Called before a name is created; refuses with DQUOT when there are too many. */
  made(): void;
  /** Called when a name is removed; its file counts until no handle has it open. */
  unlinked(file: FileId | undefined): void;
}

/** Creates a quota that calls `exceeded` with a message when a limit is exceeded. */
export function diskQuota(
  limits: { readonly diskBytes: number; readonly madeFilesMax: number },
  exceeded: (why: string) => void,
): DiskQuota {
  const lines = new Map<string, Line>();
  let totalBytes = 0;
  let names = 0;
  const lineOf = (file: FileId): Line => {
    const key = keyOf(file);
    const line = lines.get(key) ?? { foundBytes: file.size, sizeBytes: file.size, open: 0, linked: true };
    lines.set(key, line);
    return line;
  };
  const resize = (file: FileId, sizeBytes: number) => {
    const line = lineOf(file);
    const total = totalBytes - written(line) + Math.max(0, sizeBytes - line.foundBytes);
    if (total > limits.diskBytes && sizeBytes > line.sizeBytes) {
      exceeded(`it wrote ${total} bytes to its outputs; the task may write ${limits.diskBytes}`);
      throw new Refusal("DQUOT");
    }
    totalBytes = total;
    line.sizeBytes = sizeBytes;
  };
  const settle = (file: FileId, line: Line) => {
    if (line.linked || line.open > 0) return;
    totalBytes -= written(line);
    lines.delete(keyOf(file));
  };
  return {
    opened: (file) => {
      lineOf(file).open += 1;
    },
    closed: (file) => {
      const line = lineOf(file);
      line.open -= 1;
      settle(file, line);
    },
    reaches: (file, sizeBytes) => resize(file, Math.max(sizeBytes, lineOf(file).sizeBytes)),
    resized: resize,
    sizeOf: (file) => lineOf(file).sizeBytes,
    made: () => {
      names += 1;
      if (names <= limits.madeFilesMax) return;
      exceeded(`it created more than ${limits.madeFilesMax} files and folders`);
      throw new Refusal("DQUOT");
    },
    unlinked: (file) => {
      names -= 1;
      if (file === undefined) return;
      const line = lineOf(file);
      line.linked = false;
      settle(file, line);
    },
  };
}

const written = ({ foundBytes, sizeBytes }: Line): number => Math.max(0, sizeBytes - foundBytes);
const keyOf = ({ dev, ino }: FileId): string => `${dev}:${ino}`;
