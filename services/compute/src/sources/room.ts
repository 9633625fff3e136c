import { Fault } from "@shoal/core";

/** What one input may take: counted before it is written. */
export interface InputRoom {
  /** Counts bytes. Throws Fault TOO_LARGE when this input, or all inputs of its task together, pass their limit. */
  take(bytes: number): void;
}

/** What all inputs of one task may take together. */
export interface TaskRoom {
  /** Room for one try of one input; what an earlier try has taken is given back by `release`. */
  input(): InputRoom & { release(): void };
}

export interface RoomLimits {
  /** The most that one input may have. */
  readonly inputBytes: number;
  /** The most that all inputs of the task may have together. */
  readonly taskBytes: number;
}

/** One count for all inputs of a task: they come in side by side, so that what is left of each would not add up to a limit. */
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
            throw tooLarge("the inputs of this task together", taskBytes, "ask for more Disk in the task's resources");
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
