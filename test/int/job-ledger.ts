import { executionMachine, jobMachine, type StoredEvent } from "@shoal/proto";
import { z } from "zod";

/** The state of one job by the log, without Shoal's own fold. */
export interface JobLedger {
  readonly end: () => string | undefined;
  /** The reason of its end; empty without one. */
  readonly why: () => string;
  /** Live executions, as `partition on node`. */
  readonly live: () => readonly string[];
  readonly placed: ReadonlyMap<string, Placed>;
  /** Applies the next event; returns the violations. */
  take(event: StoredEvent, seq: number): readonly string[];
}

/** One attempt, as far as the rules need it. */
export interface Placed {
  readonly executionId: string;
  readonly nodeId: string;
  readonly partition: number;
  readonly attempt: number;
  readonly state: string;
  readonly code: string;
}

const Assigned = z.object({
  executionId: z.string(),
  nodeId: z.string(),
  slot: z.string(),
  attempt: z.int(),
});
const OfExecutions = z.object({
  executionId: z.string().optional(),
  slots: z.array(z.union([z.string(), z.tuple([z.int(), z.int()])])).default([]),
  code: z.string().default(""),
});
const Ending = z.object({ code: z.string().default(""), why: z.string().default("") });
const Submitted = z.object({ spec: z.object({ count: z.int() }) });

const isEnd: ReadonlySet<string> = new Set(executionMachine.terminal);
const jobEnds: ReadonlyMap<string, string> = new Map(
  jobMachine.rows.flatMap(([, { name }, to]) =>
    to !== "same" && jobMachine.terminal.includes(to) ? [[name, to] as const] : [],
  ),
);
const stateAfter: ReadonlyMap<string, string> = new Map(executionMachine.rows.map(([, { name }, to]) => [name, to]));

const endsOfStopping: ReadonlySet<string> = new Set(["ExecutionStopped", "ExecutionsLost"]);

const numbersIn = (item: string | readonly [number, number]): readonly number[] =>
  typeof item === "string"
    ? [Number(item)]
    : Array.from({ length: item[1] - item[0] + 1 }, (_, index) => item[0] + index);

/** An empty ledger of one job. */
export function createJobLedger(id: string): JobLedger {
  const placed = new Map<string, Placed>();
  let count = 0;
  let end: string | undefined;
  let why = "";
  const liveOnes = () => [...placed.values()].filter(({ state }) => !isEnd.has(state));
  const at = (partition: number) => [...placed.values()].filter((each) => each.partition === partition);

  function assign(data: unknown): string[] {
    const { executionId, nodeId, slot, attempt } = Assigned.parse(data);
    const partition = Number(slot);
    const found: string[] = [];
    if (placed.has(executionId)) found.push(`${executionId} was assigned twice`);
    const before = at(partition);
    for (const { state } of before) {
      if (!isEnd.has(state)) found.push(`partition ${partition} has two live executions`);
      if (state === "completed") found.push(`partition ${partition} was assigned after its completion`);
    }
    if (attempt !== before.length + 1)
      found.push(`attempt ${attempt} of partition ${partition} came after ${before.length}`);
    placed.set(executionId, { executionId, nodeId, partition, attempt, state: "assigned", code: "" });
    return found;
  }

  /** The executions that an event is about: one by its id, or the last of each slot. */
  function move(state: string, data: unknown): string[] {
    const { executionId, slots, code } = OfExecutions.parse(data);
    const ids = slots.flatMap(numbersIn).map((partition) => at(partition).at(-1)?.executionId ?? `slot ${partition}`);
    return [...(executionId === undefined ? [] : [executionId]), ...ids].flatMap((id) => moveOne(id, state, code));
  }

  function moveOne(executionId: string, state: string, code: string): string[] {
    const one = placed.get(executionId);
    if (one === undefined) return [`${executionId} became ${state} and was never assigned`];
    placed.set(executionId, { ...one, state, code });
    const found = isEnd.has(one.state) ? [`${executionId} became ${state} after it was ${one.state}`] : [];
    const completions = at(one.partition).filter((each) => each.state === "completed").length;
    if (completions > 1) found.push(`partition ${one.partition} was completed ${completions} times`);
    return found;
  }

  function finish({ type, data }: StoredEvent, state: string): string[] {
    const ending = Ending.parse(data);
    why = `${ending.code} ${ending.why}`.trim();
    const running = liveOnes().filter((each) => each.state !== "stopping");
    const found = running.map(({ executionId }) => `${type} while ${executionId} is live`);
    const done = new Set([...placed.values()].flatMap((each) => (each.state === "completed" ? [each.partition] : [])));
    if (state === "completed" && done.size !== count)
      found.push(`${type} with ${done.size} of ${count} partitions done`);
    end = state;
    return found;
  }

  function rules({ type, data }: StoredEvent): string[] {
    const isSecond = type === "JobSubmitted" && count > 0;
    if (type === "JobSubmitted") count = Submitted.parse(data).spec.count;
    if (isSecond) return ["it was submitted twice"];
    if (type === "ExecutionAssigned") return assign(data);
    const ending = jobEnds.get(type);
    if (ending !== undefined) return finish({ type, v: 1, data }, ending);
    const state = stateAfter.get(type);
    return state === undefined ? [] : move(state, data);
  }

  return {
    placed,
    end: () => end,
    why: () => why,
    live: () => liveOnes().map(({ partition, nodeId }) => `${partition} on ${nodeId}`),
    take(event, seq) {
      // Only executions that were stopping at the job's end may end later.
      const isLate = end !== undefined && !(endsOfStopping.has(event.type) && liveOnes().length > 0);
      const late = isLate ? [`${event.type} came after it was ${end}`] : [];
      return [...late, ...rules(event)].map((what) => `job ${id}, position ${seq}: ${what}`);
    },
  };
}
