// The functions of WASI preview 1 that this program uses, as the specification declares them.

// @ts-ignore: decorators on imports are AssemblyScript's
@external("wasi_snapshot_preview1", "args_sizes_get")
export declare function args_sizes_get(count: usize, size: usize): i32;
// @ts-ignore
@external("wasi_snapshot_preview1", "args_get")
export declare function args_get(list: usize, texts: usize): i32;
// @ts-ignore
@external("wasi_snapshot_preview1", "environ_sizes_get")
export declare function environ_sizes_get(count: usize, size: usize): i32;
// @ts-ignore
@external("wasi_snapshot_preview1", "environ_get")
export declare function environ_get(list: usize, texts: usize): i32;
// @ts-ignore
@external("wasi_snapshot_preview1", "fd_prestat_get")
export declare function fd_prestat_get(fd: i32, prestat: usize): i32;
// @ts-ignore
@external("wasi_snapshot_preview1", "fd_prestat_dir_name")
export declare function fd_prestat_dir_name(fd: i32, path: usize, length: usize): i32;
// @ts-ignore
@external("wasi_snapshot_preview1", "path_open")
export declare function path_open(
  fd: i32,
  lookup: i32,
  path: usize,
  length: usize,
  flags: i32,
  rights: u64,
  inherited: u64,
  fdFlags: i32,
  opened: usize,
): i32;
// @ts-ignore
@external("wasi_snapshot_preview1", "fd_filestat_get")
export declare function fd_filestat_get(fd: i32, filestat: usize): i32;
// @ts-ignore
@external("wasi_snapshot_preview1", "fd_pread")
export declare function fd_pread(fd: i32, vectors: usize, count: usize, offset: u64, got: usize): i32;
// @ts-ignore
@external("wasi_snapshot_preview1", "fd_write")
export declare function fd_write(fd: i32, vectors: usize, count: usize, written: usize): i32;
// @ts-ignore
@external("wasi_snapshot_preview1", "proc_exit")
export declare function proc_exit(code: i32): void;
