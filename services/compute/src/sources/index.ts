import { type Registry, registry } from "@shoal/core";
import { inline } from "./inline/inline.ts";
import { local } from "./local/local.ts";
import type { Source } from "./source.ts";

export interface SourceSettings {
  /** Lines `path[:ro|:rw]`: the paths of this machine that tasks may use. */
  readonly allowListedLocalPaths: readonly string[];
}

/** Every source that this node can offer. */
export function createSources({ allowListedLocalPaths: allow }: SourceSettings): Registry<Source> {
  return registry("source", [
    inline(),
    local({ allow }),
    // The same source under its older name, which existing job files still use.
    local({ name: "localdirectory", allow }),
  ]);
}
