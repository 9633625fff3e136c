import { engine } from "./engine.ts";
import { labels } from "./labels.ts";
import { protocol } from "./protocol.ts";
import { publisher } from "./publisher.ts";
import { size } from "./size.ts";
import { sources } from "./sources.ts";

/** What a node must be to be asked at all. Whether it has room just now is its own answer, not ours. */
export const filters = [protocol, engine, sources, publisher, labels, size] as const;
