import { engine } from "./engine.ts";
import { environment } from "./environment.ts";
import { labels } from "./labels.ts";
import { locality } from "./locality.ts";
import { network } from "./network.ts";
import { places } from "./places.ts";
import type { BidContext, BidPolicy } from "./policy.ts";
import { probe } from "./probe.ts";
import { publisher } from "./publisher.ts";
import { room } from "./room.ts";
import { size } from "./size.ts";
import { sources } from "./sources.ts";
import { stateless } from "./stateless.ts";

/** Every policy of this node, in order of evaluation: cheap ones first, sources and the operator's programs last. */
const parts = [
  labels,
  size,
  network,
  places,
  stateless,
  locality,
  environment,
  engine,
  publisher,
  room,
  sources,
  probe,
] as const;

export const createPolicies = (around: BidContext): readonly BidPolicy[] => parts.map((part) => part(around));
