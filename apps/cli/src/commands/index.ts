import type { CommandPart, NounPart } from "../command.ts";
import { events } from "./events.ts";
import { job } from "./job/index.ts";
import { node } from "./node/index.ts";
import { version } from "./version.ts";

/** Nouns with commands of their own. */
export const nouns: readonly NounPart[] = [job, node];

/** Commands that stand alone. */
export const commands: readonly CommandPart[] = [events, version];
