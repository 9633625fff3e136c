import { Refusal } from "../errno.ts";
import { hostFunction } from "../host.ts";

/** The guest's clocks by number: realtime, monotonic, process cpu time, thread cpu time. All in nanoseconds. */
const clocks: readonly (() => bigint)[] = [
  () => BigInt(Date.now()) * 1_000_000n,
  () => process.hrtime.bigint(),
  cpuTime,
  cpuTime,
];
// The resolution of Date.now and the others, in nanoseconds: 1 ms, 1 ns, 1 µs, 1 µs.
const resolutions: readonly bigint[] = [1_000_000n, 1n, 1000n, 1000n];

function cpuTime(): bigint {
  const { user, system } = process.cpuUsage();
  return BigInt(user + system) * 1000n;
}

/** The current time of a clock, in nanoseconds. */
export function clockNow(id: number): bigint {
  const clock = clocks[id];
  if (clock === undefined) throw new Refusal("INVAL");
  return clock();
}

/** The functions for time. */
export const clockFunctions = {
  clock_res_get: hostFunction(["u32", "u32"], ({ memory }, [id, pointer]) => {
    const resolution = resolutions[id];
    if (resolution === undefined) throw new Refusal("INVAL");
    memory.setU64(pointer, resolution);
  }),
  clock_time_get: hostFunction(["u32", "u64", "u32"], ({ memory }, [id, _precision, pointer]) => {
    memory.setU64(pointer, clockNow(id));
  }),
};
