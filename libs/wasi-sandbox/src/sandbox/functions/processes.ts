import { Refusal } from "../errno.ts";
import { type HostContext, hostFunction } from "../host.ts";

// The maximum of getRandomValues, by its specification.
const randomBytesMax = 65_536;

/** The functions for the process and random numbers, and those that are not supported: signals and sockets. */
export const processFunctions = {
  proc_exit: hostFunction(["u32"], (host, [exitCode]) => host.exit(exitCode)),
  proc_raise: hostFunction(["u32"], () => {
    throw new Refusal("NOTSUP");
  }),
  random_get: hostFunction(["u32", "u32"], ({ memory }, [pointer, length]) => {
    const bytes = memory.bytes(pointer, length);
    for (let at = 0; at < length; at += randomBytesMax) {
      crypto.getRandomValues(
        new Uint8Array(bytes.buffer, bytes.byteOffset + at, Math.min(randomBytesMax, length - at)),
      );
    }
  }),
  sock_accept: hostFunction(["u32", "u32", "u32"], noSocket),
  sock_recv: hostFunction(["u32", "u32", "u32", "u32", "u32", "u32"], noSocket),
  sock_send: hostFunction(["u32", "u32", "u32", "u32", "u32"], noSocket),
  sock_shutdown: hostFunction(["u32", "u32"], noSocket),
};

function noSocket(host: HostContext, [fd]: readonly [number, ...number[]]): never {
  host.descriptors.get(fd);
  throw new Refusal("NOTSOCK");
}
