import { type Registry, registry } from "@shoal/core";
import { inline } from "./inline/inline.ts";
import { local } from "./local/local.ts";
import type { Source } from "./source.ts";

export interface SourceSettings {
  /** Lines `path[:ro|:rw]`: what tasks may see of this machine. */
  readonly allowListedLocalPaths: readonly string[];
}

/** Every source that this node offers. */
export function createSources({ allowListedLocalPaths: allow }: SourceSettings): Registry<Source> {
  return registry("source", [
    inline(),
    local({ allow }),
    // The same under its older name, which job files in the wild still use.
    local({ name: "localdirectory", allow }),
  ]);
}
