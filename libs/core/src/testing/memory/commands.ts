import type { CommandBus, CommandEnvelope, CommandReply } from "../../ports/commands.ts";
import type { Berth } from "./berth.ts";

type CommandServer = (envelope: CommandEnvelope, answer: (reply: CommandReply) => void) => void;

/** Which processes answer the commands for a shard now. */
export type CommandStore = Map<number, Set<CommandServer>>;

/** Commands as one process sends and hears them. Each message may be lost. */
export function memoryCommandBus(berth: Berth, store: CommandStore): CommandBus {
  return {
    send(shard, envelope, waitMs) {
      return new Promise((resolve) => {
        const settle = (reply: CommandReply | undefined): void => {
          cancel();
          resolve(reply);
        };
        const cancel = berth.clock.at(berth.clock.now() + waitMs, () => settle(undefined));
        const sent = structuredClone(envelope);
        berth.tell("commands", () => {
          const servers = store.get(shard) ?? new Set();
          // As a server answers when nothing listens.
          if (servers.size === 0) berth.hearsMaybe(() => settle(undefined));
          for (const serve of servers) serve(sent, (reply) => berth.hearsMaybe(() => settle(reply)));
        });
      });
    },
    async serve(shard, handle) {
      const server: CommandServer = (envelope, answer) =>
        berth.hearsMaybe(() => {
          handle(structuredClone(envelope)).then(
            (reply) => {
              const sent = structuredClone(reply);
              berth.tell("command answers", () => answer(sent));
            },
            () => undefined, // No answer is sent.
          );
        });
      const servers = store.get(shard) ?? new Set();
      store.set(shard, servers.add(server));
      const leave = (): void => void servers.delete(server);
      berth.onKilled(leave);
      return { close: async () => leave() };
    },
  };
}
