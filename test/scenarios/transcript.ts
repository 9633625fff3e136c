import type { StoredCommit } from "@shoal/core";
import { ExecutionAssigned, eventText, fromWire, JobSubmitted } from "@shoal/proto";
import type { Act } from "./scenario.ts";

/** Writes actions and events, with the texts of the event feed. */
export interface Transcript {
  act(at: number, act: Act): void;
  commit(stored: StoredCommit): void;
  text(): string;
}

const actWords: { readonly [K in Act["handle"]]: (act: Extract<Act, { handle: K }>) => string } = {
  submit: ({ job, spec }) => `submits ${job}: ${JSON.stringify(spec)}`,
  stop: ({ job }) => `stops ${job}`,
  kill: ({ whom }) => `kills ${whom}`,
  start: ({ whom }) => `starts ${whom}`,
};

// Room for the name of a job and the partition and attempt of an execution.
const aboutChars = 14;

/** A transcript that begins with the scenario's description. */
export function createTranscript(description: string, startAt: number): Transcript {
  const lines = [`# ${description}`, ""];
  const names = new Map<string, string>();
  const line = (at: number, who: string, what: string) => {
    // To the hundredth of a second: smaller differences are delays of the memory ports.
    const head = `${((at - startAt) / 1_000).toFixed(2).padStart(7)} s  ${who.padEnd(11)}  `;
    lines.push(`${head}${what.replaceAll("\n", `\n${" ".repeat(head.length + aboutChars + 2)}`)}`);
  };

  /** Maps ids of jobs and executions to readable names. */
  function learn({ type, data }: { readonly type: string; readonly data: unknown }): void {
    const submitted = type === JobSubmitted.name ? fromWire(JobSubmitted.data, data) : undefined;
    if (submitted?.ok === true) names.set(submitted.value.jobId, submitted.value.spec.name);
    const assigned = type === ExecutionAssigned.name ? fromWire(ExecutionAssigned.data, data) : undefined;
    if (assigned?.ok === true)
      names.set(assigned.value.executionId, `${assigned.value.slot}/${assigned.value.attempt}`);
  }

  return {
    act: (at, act) => void line(at, "scenario", actWords[act.handle](act as never)),
    commit(stored) {
      for (const event of stored.commit.events) {
        learn(event);
        const { topic, text, executionId } = eventText(event);
        const about = [stored.aggregate.id, executionId].filter((id) => id !== "").map((id) => names.get(id) ?? id);
        line(stored.commit.at, stored.commit.by, `${about.join(" ").padEnd(aboutChars)}  ${topic}: ${text}`);
      }
    },
    text: () => `${lines.join("\n")}\n`,
  };
}
