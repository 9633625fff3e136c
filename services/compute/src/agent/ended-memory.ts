// Some hours of a busy node, in about a megabyte. It only saves a question: what it forgets is judged by its age.
const endedMax = 10_000;

/** The executions that ended lately on this node, the oldest forgotten first. */
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
