import { type CommandBus, type CommandEnvelope, type CommandReply, causeOf, type Kinds } from "@shoal/core";
import { type ErrorCode, shardOf } from "@shoal/proto";

export interface CommandService {
  readonly shard: number;
  readonly kinds: Kinds;
  readonly command: (envelope: CommandEnvelope) => Promise<CommandReply>;
}

// A sender that gets no answer decides by itself, on what the log holds.
const unanswered: ReadonlySet<ErrorCode> = new Set(["LOG_UNREACHABLE", "INTERNAL", "REQUESTER_BEHIND"]);

/** Answers the commands that other requesters send to the owner of a shard. */
export function serveCommands(bus: CommandBus, service: CommandService): Promise<{ close(): Promise<void> }> {
  return bus.serve(service.shard, async (envelope) => {
    const refused = refusalOf(envelope, service);
    if (refused !== undefined) return refused;
    try {
      return await service.command(envelope);
    } catch (failure) {
      const { code, why } = causeOf(failure);
      // No answer: the sender asks the log itself.
      if (unanswered.has(code)) throw failure;
      return { ok: false, rejection: { code, why } };
    }
  });
}

/** Commands come from other processes, perhaps of another version: what this one does not know it does not decide. */
function refusalOf(
  { aggregate, command }: CommandEnvelope,
  { shard, kinds }: CommandService,
): CommandReply | undefined {
  const refuse = (why: string): CommandReply => ({ ok: false, rejection: { code: "BAD_REQUEST", why } });
  if (shardOf(aggregate.id) !== shard) return refuse(`${aggregate.id} belongs to another shard`);
  if (!kinds.has(aggregate.kind)) return refuse(`expected a kind of ${kinds.names.join(", ")}, got ${aggregate.kind}`);
  const { accepts } = kinds.get(aggregate.kind);
  const schema = Object.hasOwn(accepts, command.name) ? accepts[command.name] : undefined;
  if (schema === undefined) return refuse(`${aggregate.kind} accepts no command ${command.name}`);
  const read = schema.safeParse(command);
  return read.success ? undefined : refuse(`${command.name}: ${read.error.issues[0]?.message ?? "cannot be read"}`);
}
