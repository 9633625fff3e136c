import type { z } from "zod";
import type { EventKind } from "../event.ts";

/** The text of an event. */
export interface EventText {
  /** One of Bacalhau's topics: its clients filter and colour by it. */
  readonly topic: string;
  /** The whole event in one sentence, for the CLI and the feed. */
  readonly text: string;
  /** The sentence of the history, which Bacalhau's clients search for; further facts are in the details. */
  readonly message: string;
  readonly details: Readonly<Record<string, string>>;
  readonly tone: "plain" | "good" | "bad" | "wait";
  /** The execution of the event; empty when it concerns several, the job or a node. */
  readonly executionId: string;
}

/** The text of an event; what is left out has a default. */
export type PartialEventText = Partial<EventText> & Pick<EventText, "topic" | "message">;

/** The text of one kind of event. */
export const row = <S extends z.ZodType>(
  { name }: EventKind<string, S>,
  text: (data: z.output<S>) => PartialEventText,
) => [name, text as (data: unknown) => PartialEventText] as const;

/** A sentence with its reason, if there is one. */
export const because = (what: string, why: string): string => (why === "" ? what : `${what}: ${why}`);

/** A time in a sentence. */
export const timeOf = (at: number): string => new Date(at).toISOString();
