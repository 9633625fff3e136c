import { Fault } from "@shoal/core";

/** The space that one input may take: counted before it is written. */
export interface InputRoom {
  /** Counts bytes. Throws Fault TOO_LARGE when this input, or all inputs of its task together, exceed their limit. */
  take(bytes: number): void;
}

/** The space that all inputs of one task may take together. */
export interface TaskRoom {
  /** The space of one attempt at one input; `release` returns what the attempt has counted. */
  input(): InputRoom & { release(): void };
}

export interface RoomLimits {
  /** Limit of one input, in bytes. */
  readonly inputBytes: number;
  /** Limit of all inputs of the task together, in bytes. */
  readonly taskBytes: number;
}

/**
 * One count for all inputs of a task: they are fetched concurrently, so separate remainders would not add up to a
 * limit.
 */
export function taskRoom({ inputBytes, taskBytes }: RoomLimits): TaskRoom {
  let allBytes = 0;
  return {
    input() {
      let ownBytes = 0;
      return {
        take(bytes) {
          ownBytes += bytes;
          allBytes += bytes;
          if (ownBytes > inputBytes)
            throw tooLarge("an input", inputBytes, "make it smaller, or raise inputs.limitBytes");
          if (allBytes > taskBytes) {
            throw tooLarge("the inputs of this task together", taskBytes, "request more Disk in the task's resources");
          }
        },
        release() {
          allBytes -= ownBytes;
          ownBytes = 0;
        },
      };
    },
  };
}

function tooLarge(what: string, limitBytes: number, cure: string): Fault {
  return new Fault("TOO_LARGE", `${what} must take at most ${limitBytes} bytes on the node's disk: ${cure}`);
}
