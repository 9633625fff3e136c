import type { CommandPart, NounPart } from "../command.ts";
import { cluster } from "./cluster/index.ts";
import { devstack } from "./devstack.ts";
import { events } from "./events.ts";
import { job } from "./job/index.ts";
import { node } from "./node/index.ts";
import { rebuild } from "./rebuild.ts";
import { repair } from "./repair.ts";
import { replay } from "./replay.ts";
import { serve } from "./serve.ts";
import { version } from "./version.ts";

/** Nouns that group commands. */
export const nouns: readonly NounPart[] = [job, node, cluster];

/** Commands without a noun. */
export const commands: readonly CommandPart[] = [devstack, serve, events, replay, rebuild, repair, version];
