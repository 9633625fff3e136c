import { fd_filestat_get, fd_pread, fd_prestat_dir_name, fd_prestat_get, fd_write, path_open, proc_exit } from "./wasi";

const stderr: i32 = 2;
// The first descriptor after the standard streams.
const firstPreopen: i32 = 3;
const followLinks: i32 = 1;
const createFlag: i32 = 1;
const truncateFlag: i32 = 8;
// Rights as bits: read, seek, fd_tell, fd_filestat_get; and write.
const readRights: u64 = (1 << 1) | (1 << 2) | (1 << 5) | (1 << 21);
const writeRights: u64 = 1 << 6;

const result = memory.data(16);
const filestat = memory.data(64);
const vector = memory.data(8);

/** Prints the reason on stderr and ends the program with exit code 2. */
export function fail(why: string): void {
  write(stderr, String.UTF8.encode(`word-count: ${why}\n`));
  proc_exit(2);
}

export function openFile(path: string): i32 {
  return open(path, 0, readRights);
}

export function createFile(path: string): i32 {
  return open(path, createFlag | truncateFlag, writeRights);
}

/** Opens a path through the preopened folder with the longest name that it begins with. */
function open(path: string, flags: i32, rights: u64): i32 {
  let best: i32 = -1;
  let bestName = "";
  for (let fd = firstPreopen; fd_prestat_get(fd, result) === 0; fd += 1) {
    const name = preopenName(fd, load<u32>(result, 4));
    const begins = path.startsWith(name.endsWith("/") ? name : `${name}/`);
    if (!begins || name.length < bestName.length) continue;
    best = fd;
    bestName = name;
  }
  if (best < 0) fail(`${path} is in no folder that this program may open`);
  let rest = path.substring(bestName.length);
  while (rest.startsWith("/")) rest = rest.substring(1);
  const bytes = String.UTF8.encode(rest);
  const errno = path_open(best, followLinks, changetype<usize>(bytes), bytes.byteLength, flags, rights, 0, 0, result);
  if (errno !== 0) fail(`${path} cannot be opened (error ${errno} of WASI preview 1)`);
  return load<i32>(result);
}

function preopenName(fd: i32, length: u32): string {
  const bytes = new ArrayBuffer(length);
  fd_prestat_dir_name(fd, changetype<usize>(bytes), length);
  return String.UTF8.decode(bytes);
}

export function fileSize(fd: i32): i64 {
  const errno = fd_filestat_get(fd, filestat);
  if (errno !== 0) fail(`the size of the file cannot be read (error ${errno})`);
  return load<i64>(filestat, 32);
}

/** Fills the chunk from `offset` on; returns the number of bytes, 0 at the end. */
export function readAt(fd: i32, offset: i64, chunk: StaticArray<u8>): i32 {
  store<u32>(vector, changetype<u32>(chunk));
  store<u32>(vector, chunk.length, 4);
  const errno = fd_pread(fd, vector, 1, offset, result);
  if (errno !== 0) fail(`the file cannot be read (error ${errno})`);
  return load<i32>(result);
}

export function write(fd: i32, bytes: ArrayBuffer): void {
  let at: u32 = 0;
  const length: u32 = bytes.byteLength;
  while (at < length) {
    store<u32>(vector, changetype<u32>(bytes) + at);
    store<u32>(vector, length - at, 4);
    const errno = fd_write(fd, vector, 1, result);
    if (errno !== 0) {
      if (fd !== stderr) fail(`writing failed (error ${errno})`);
      proc_exit(2);
    }
    at += load<u32>(result);
  }
}
