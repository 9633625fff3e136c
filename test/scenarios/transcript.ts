import type { StoredCommit } from "@shoal/core";
import { ExecutionAssigned, eventText, fromWire, JobSubmitted } from "@shoal/proto";
import type { Act } from "./scenario.ts";

/** Writes actions and events, with the texts of the event feed. */
export interface Transcript {
  act(at: number, act: Act): void;
  /** The answer of a requester to a client. */
  answer(at: number, text: string): void;
  /** A line of a log: a sentence, and its facts as JSON. */
  log(at: number, who: string, line: string): void;
  commit(stored: StoredCommit): void;
  text(): string;
}

const plain = (value: unknown): string => JSON.stringify(value);

const actWords: { readonly [K in Act["handle"]]: (act: Extract<Act, { handle: K }>) => string } = {
  submit: ({ job, spec, over, token }) =>
    `submits ${job}: ${plain({ ...spec, ...over })}${token === undefined ? "" : `, with the token ${token}`}`,
  rerun: ({ job, version }) => `reruns version ${version} of ${job}`,
  explain: ({ job }) => `asks why ${job} is in its state`,
  stop: ({ job, via }) => `stops ${job}${via === undefined ? "" : ` through ${via}`}`,
  kill: ({ whom }) => `kills ${whom}`,
  start: ({ whom }) => `starts ${whom}`,
  crash: ({ whom, downSeconds }) => `kills ${whom}, which restarts after ${downSeconds} s`,
  "shut-down": ({ whom, downSeconds }) => `shuts ${whom} down, which restarts after ${downSeconds} s`,
  pause: ({ whom, forSeconds }) => `pauses ${whom} for ${forSeconds} s`,
  disconnect: ({ whom, forSeconds }) => `disconnects ${whom} from NATS for ${forSeconds} s`,
  outage: ({ forSeconds }) => `stops NATS for ${forSeconds} s`,
  "delete-bucket": ({ bucket }) => `deletes the bucket ${bucket}`,
  "restore-assignments": () => "ends NATS uncleanly: removed assignments are back",
  "set-clock": ({ whom, bySeconds }) =>
    `sets the clock of ${whom} ${Math.abs(bySeconds)} s ${bySeconds < 0 ? "back" : "ahead"}`,
  "update-node": ({ node, action, order }) =>
    `orders to ${action} ${node}${order === undefined ? "" : `: ${plain(order)}`}`,
  report: ({ from, job, execution }) =>
    `sends a report of ${from} about ${execution === "" ? "the first execution" : execution} of ${job}`,
  "append-unreadable": ({ job }) => `appends a message of a later release to ${job}`,
  "start-errand": ({ errand, children }) => `starts the errand ${errand}: ${plain(children)}`,
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

  const named = (text: string): string => [...names].reduce((done, [id, name]) => done.replaceAll(id, name), text);

  return {
    answer: (at, text) => void line(at, "requester", named(text)),
    log(at, who, text) {
      const [, sentence = "", facts = "{}"] = /^(.*?) (\{.*\})$/.exec(text) ?? [];
      const { code, why }: { code?: string; why?: string } = JSON.parse(facts);
      line(
        at,
        who,
        named(
          [`log: ${sentence}`, why, code && `(${code})`]
            .filter(Boolean)
            .join(" ")
            .replace(`${sentence} `, `${sentence}: `),
        ),
      );
    },
    act: (at, act) => void line(at, "scenario", actWords[act.handle](act as never)),
    commit(stored) {
      for (const event of stored.commit.events) {
        learn(event);
        const { topic, text, executionId } = eventText(event);
        const about = [stored.aggregate.id, executionId].filter((id) => id !== "").map((id) => names.get(id) ?? id);
        line(stored.commit.at, stored.commit.by, `${about.join(" ").padEnd(aboutChars)}  ${topic}: ${named(text)}`);
      }
    },
    text: () => `${lines.join("\n")}\n`,
  };
}
