import type { PartTemplate } from "../part.ts";
import { bidPolicy } from "./bid-policy.ts";
import { command } from "./command.ts";
import { error } from "./error.ts";
import { executor } from "./executor.ts";
import { filter } from "./filter.ts";
import { jobType } from "./job-type.ts";
import { publisher } from "./publisher.ts";
import { ranker } from "./ranker.ts";
import { rule } from "./rule.ts";
import { source } from "./source.ts";

/** Every sort of part that `npm run new` writes. */
export const templates: readonly PartTemplate[] = [
  bidPolicy,
  command,
  error,
  executor,
  filter,
  jobType,
  publisher,
  ranker,
  rule,
  source,
];
