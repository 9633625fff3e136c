import { assert, type Clock, causeOf, type Logger, type Registry, registry } from "@shoal/core";
import type { z } from "zod";

/** What every executor, source and publisher has. */
export interface NodePart {
  /** The type that a job names, in lower case. */
  readonly name: string;
  /**
   * Schema of the params; the keys are the wire names (PascalCase). Its metadata is in the reference pages: a description
   * of the part and of each field, and an example task.
   */
  readonly params: z.ZodType;
  /** Why this node cannot use the part now, or undefined when it can. Never throws. */
  unavailable(): Promise<string | undefined>;
  /** Releases the part's own resources (processes, servers, connections). Idempotent. */
  close(): Promise<void>;
}

/** What every kind of part is created with, beside its settings. */
export interface PartPorts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The settings that every kind of part has. */
export interface PartSettings {
  /** Names of parts that are not created. */
  readonly disabled: readonly string[];
}

/** The factories of one kind of part, under the names by which a job selects a part and a setting disables it. */
export type PartFactories<Part extends NodePart, Settings extends PartSettings, Ports extends PartPorts> = Readonly<
  Record<string, (settings: Settings, ports: Ports) => Part>
>;

/** A function that creates every part of a kind that is not disabled. */
export function partRegistry<Part extends NodePart, Settings extends PartSettings, Ports extends PartPorts>(
  kind: string,
  factories: PartFactories<Part, Settings, Ports>,
): (settings: Settings, ports: Ports) => Registry<Part> {
  return (settings, ports) => {
    const enabled = Object.entries(factories).filter(([name]) => !settings.disabled.includes(name));
    const parts = enabled.map(([name, create]) => {
      const part = create(settings, ports);
      assert(part.name === name, `the ${kind} ${part.name} is registered as ${name}`);
      return part;
    });
    return registry(kind, parts);
  };
}

/** Closes every part. A part that cannot be closed is logged, and the others are closed. */
export async function closeParts(parts: readonly NodePart[], logger: Logger): Promise<void> {
  for (const part of parts) {
    await part
      .close()
      .catch((failure: unknown) =>
        logger.warn({ part: part.name, why: causeOf(failure).why }, "closing a part failed"),
      );
  }
}
