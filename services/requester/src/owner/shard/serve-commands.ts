import {
  type CommandBus,
  type CommandEnvelope,
  type CommandReply,
  causeOf,
  Fault,
  type Kind,
  type Kinds,
  type Rejection,
} from "@shoal/core";
import { type ErrorCode, shardOf } from "@shoal/proto";

export interface CommandService {
  readonly shard: number;
  readonly kinds: Kinds;
  readonly command: (envelope: CommandEnvelope) => Promise<CommandReply>;
}

// A sender that gets no answer decides the command itself, on the state of the log.
const unanswered: ReadonlySet<ErrorCode> = new Set(["LOG_UNREACHABLE", "INTERNAL", "REQUESTER_BEHIND"]);

/**
 * Answers the commands that other requesters send to the owner of a shard. A command that this version does not accept
 * gets no answer: the sender, perhaps of a later version, decides it itself.
 */
export function serveCommands(bus: CommandBus, { shard, kinds, command }: CommandService) {
  return bus.serve(shard, async (envelope) => {
    const { kind, id } = envelope.aggregate;
    if (shardOf(id) !== shard) throw new Fault("BAD_REQUEST", `${id} belongs to another shard`);
    if (!kinds.has(kind)) throw new Fault("BAD_REQUEST", `expected a kind of ${kinds.names.join(", ")}, got ${kind}`);
    const refused = refusalOf(envelope, kinds.get(kind));
    if (refused !== undefined) throw new Fault(refused.code, refused.why);
    try {
      return await command(envelope);
    } catch (failure) {
      const { code, why } = causeOf(failure);
      // No answer: the sender reads the log itself.
      if (unanswered.has(code)) throw failure;
      return { ok: false, rejection: { code, why } };
    }
  });
}

/** Why a kind does not accept a command of a client or of another aggregate; undefined when it does. */
export function refusalOf({ command }: CommandEnvelope, { name, accepts }: Pick<Kind, "name" | "accepts">) {
  const schema = Object.hasOwn(accepts, command.name) ? accepts[command.name] : undefined;
  if (schema === undefined) return refusal(`${name} accepts no command ${command.name}`);
  const read = schema.safeParse(command);
  return read.success ? undefined : refusal(`${command.name}: ${read.error.issues[0]?.message ?? "cannot be read"}`);
}

const refusal = (why: string): Rejection => ({ code: "BAD_REQUEST", why });
