import { program, root } from "@shoal/wasi-sandbox/testing";

// Flags of path_open, rights of a file and the clock's number, as WASI preview 1 has them.
const creates = 1;
const appends = 1;
const [reads, writes] = [1n << 1n, 1n << 6n];
const monotonic = 1;
const subscription = { bytes: 48, clockAt: 16, timeoutAt: 24 };
const eventBytes = 32;
const newline = 10;
const pauseNanos = 100_000_000;

/**
 * A program that appends a line to `/shared/<name>` when it begins, and ends when `/shared/end-<name>` exists: so each
 * run of it leaves a line, also one that is killed.
 */
export function waitingGuest(name: string): Uint8Array {
  return program((pen) => {
    const [begun, ended, subscribed] = [pen.room(4), pen.room(4), pen.room(subscription.bytes)];
    const begin = pen.must("path_open", root, 1, pen.text(`shared/${name}`), creates, writes, 0n, appends, begun);
    const reached = pen.call("path_open", root, 1, pen.text(`shared/end-${name}`), 0, reads, 0n, 0, ended);
    const pause = pen.must("poll_oneoff", subscribed, pen.room(eventBytes), 1, pen.room(4));
    const line = pen.buffer(1);
    return [
      begin,
      line.step,
      `(i32.store8 (i32.const ${line.at}) (i32.const ${newline}))`,
      pen.must("fd_write", `(i32.load (i32.const ${begun}))`, line.list, 1, pen.room(4)),
      `(i32.store (i32.const ${subscribed + subscription.clockAt}) (i32.const ${monotonic}))`,
      `(i64.store (i32.const ${subscribed + subscription.timeoutAt}) (i64.const ${pauseNanos}))`,
      `(loop $wait (if ${reached} (then ${pause} (br $wait))))`,
    ];
  });
}
