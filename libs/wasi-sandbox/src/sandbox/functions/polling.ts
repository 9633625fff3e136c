import type { Errno } from "../errno.ts";
import { errnoNumber, Refusal } from "../errno.ts";
import { type HostContext, hostFunction } from "../host.ts";
import { clockNow } from "./clocks.ts";

// Sizes and tags of preview 1's records.
const subscriptionBytes = 48;
const eventBytes = 32;
const [clockTag, readTag, writeTag] = [0, 1, 2];
const absolute = 1;
const hangUp = 1;

interface Wait {
  readonly userdata: bigint;
  readonly tag: number;
  /** Nanoseconds from now; 0 when ready. */
  readonly delay: bigint;
  readonly errno: Errno;
  readonly ended: boolean;
}

/** The function that waits. Files and streams are always ready, so a guest waits for clocks only. */
export const pollFunctions = {
  poll_oneoff: hostFunction(["u32", "u32", "u32", "u32"], (host, [subscriptions, events, count, stored]) => {
    if (count === 0) throw new Refusal("INVAL");
    const { memory } = host;
    // Checked before the loop, so that a huge count costs nothing.
    memory.bytes(subscriptions, count * subscriptionBytes);
    memory.bytes(events, count * eventBytes);
    const waits = Array.from({ length: count }, (_, index) => read(host, subscriptions + index * subscriptionBytes));
    const shortest = waits.reduce((least, { delay }) => (delay < least ? delay : least), waits[0]?.delay ?? 0n);
    sleep(shortest);
    const happened = waits.filter(({ delay }) => delay <= shortest);
    for (const [index, wait] of happened.entries()) write(host, events + index * eventBytes, wait);
    memory.setU32(stored, happened.length);
  }),
  sched_yield: hostFunction([], () => {}),
};

function read({ memory, descriptors }: HostContext, at: number): Wait {
  const userdata = memory.u64(at);
  const tag = memory.u8(at + 8);
  const ready = { userdata, tag, delay: 0n, ended: false };
  try {
    if (tag === clockTag) return { ...ready, delay: clockDelay(memory, at), errno: "SUCCESS" };
    if (tag !== readTag && tag !== writeTag) return { ...ready, errno: "INVAL" };
    const { kind } = descriptors.get(memory.u32(at + 16));
    return { ...ready, errno: "SUCCESS", ended: tag === readTag && kind === "stdin" };
  } catch (failure) {
    if (failure instanceof Refusal) return { ...ready, errno: failure.errno };
    throw failure;
  }
}

function clockDelay(memory: HostContext["memory"], at: number): bigint {
  const now = clockNow(memory.u32(at + 16));
  const timeout = memory.u64(at + 24);
  const delay = (memory.u16(at + 40) & absolute) === 0 ? timeout : timeout - now;
  return delay > 0n ? delay : 0n;
}

function write({ memory }: HostContext, at: number, wait: Wait): void {
  memory.bytes(at, eventBytes).fill(0);
  memory.setU64(at, wait.userdata);
  memory.setU16(at + 8, errnoNumber[wait.errno] ?? 0);
  memory.setU8(at + 10, wait.tag);
  memory.setU16(at + 24, wait.ended ? hangUp : 0);
}

const sandbox = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread, which runs nothing but the guest. */
function sleep(nanoseconds: bigint): void {
  if (nanoseconds > 0n) Atomics.wait(sandbox, 0, 0, Number(nanoseconds) / 1_000_000);
}
