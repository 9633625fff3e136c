import type { Assignment, ExecutionRuntime } from "@shoal/proto";
import type { GpuPool } from "./gpu-pool.ts";
import type { PortRange } from "./port-range.ts";

/** The devices and ports of this node that executions have, beside their amounts of resources. */
export interface Grants {
  /** What the execution has already, or what its task needs. Throws Fault NO_CAPACITY; then it has nothing. */
  grant(assignment: Assignment): Promise<ExecutionRuntime>;
  /** Records what an execution got from an earlier process of this node. */
  adopt(executionId: string, runtime: ExecutionRuntime): void;
  /** Frees what an execution has. Idempotent. */
  release(executionId: string): void;
}

const hostTypes: ReadonlySet<string> = new Set(["host", "full"]);

export function createGrants(ports: PortRange, gpus: GpuPool): Grants {
  const granted = new Map<string, ExecutionRuntime>();
  function release(executionId: string): void {
    granted.delete(executionId);
    ports.release(executionId);
    gpus.release(executionId);
  }
  return {
    release,
    async grant({ executionId, task, resources }) {
      const before = granted.get(executionId);
      if (before !== undefined) return before;
      const { network } = task;
      try {
        const runtime: ExecutionRuntime = {
          ...(resources.gpus === 0 ? {} : { gpus: [...gpus.take(executionId, resources.gpus)] }),
          ...(network.ports.length === 0
            ? {}
            : { ports: [...(await ports.reserve(executionId, network.ports, hostTypes.has(network.type)))] }),
        };
        granted.set(executionId, runtime);
        return runtime;
      } catch (failure) {
        release(executionId);
        throw failure;
      }
    },
    adopt(executionId, runtime) {
      granted.set(executionId, runtime);
      ports.adopt(executionId, runtime.ports ?? []);
      gpus.adopt(executionId, runtime.gpus ?? []);
    },
  };
}
