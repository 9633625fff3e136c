import { elsewhere } from "./elsewhere.ts";
import { spread } from "./spread.ts";
import { wishes } from "./wishes.ts";

/** What makes one node better than another; the scores add up. */
export const rankers = [elsewhere, wishes, spread] as const;
