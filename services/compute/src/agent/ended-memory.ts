// Some hours of a busy node, in about one megabyte. The memory only saves a question: the age decides about an
// execution that it has evicted.
const endedMax = 10_000;

/** The executions that ended recently on this node. The oldest are evicted first. */
export function createEndedMemory(max = endedMax): {
  add(executionId: string): void;
  has(executionId: string): boolean;
} {
  const ended = new Set<string>();
  return {
    add(executionId) {
      ended.delete(executionId);
      ended.add(executionId);
      for (const oldest of ended) {
        if (ended.size <= max) return;
        ended.delete(oldest);
      }
    },
    has: (executionId) => ended.has(executionId),
  };
}
