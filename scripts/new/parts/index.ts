import type { PartTemplate } from "../part.ts";
import { bidPolicy } from "./bid-policy.ts";
import { command } from "./command.ts";
import { error } from "./error.ts";
import { event } from "./event.ts";
import { executor } from "./executor.ts";
import { filter } from "./filter.ts";
import { jobType } from "./job-type.ts";
import { kind } from "./kind.ts";
import { publisher } from "./publisher.ts";
import { ranker } from "./ranker.ts";
import { route } from "./route.ts";
import { rule } from "./rule.ts";
import { setting } from "./setting.ts";
import { source } from "./source.ts";
import { view } from "./view.ts";

/** Every sort of part that `npm run new` writes. */
export const templates: readonly PartTemplate[] = [
  bidPolicy,
  command,
  error,
  event,
  executor,
  filter,
  jobType,
  kind,
  publisher,
  ranker,
  route,
  rule,
  setting,
  source,
  view,
];
