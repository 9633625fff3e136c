import { engine } from "./engine.ts";
import { labels } from "./labels.ts";
import { protocol } from "./protocol.ts";
import { publisher } from "./publisher.ts";
import { size } from "./size.ts";
import { sources } from "./sources.ts";

/** The conditions for sending an ask to a node. The node itself decides whether it has free capacity. */
export const filters = [protocol, engine, sources, publisher, labels, size] as const;
