import type { CommandBus, CommandEnvelope, CommandReply } from "../../ports/commands.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

type CommandServer = (envelope: CommandEnvelope, answer: (reply: CommandReply) => void) => void;

/** The processes that currently serve the commands of a shard. */
export type CommandStore = Map<number, Set<CommandServer>>;

/** The command bus of one process. Each message may be lost. */
export function memoryCommandBus(proc: SimulatedProcess, store: CommandStore): CommandBus {
  return {
    send(shard, envelope, waitMs) {
      return new Promise((resolve) => {
        const settle = (reply: CommandReply | undefined): void => {
          cancel();
          resolve(reply);
        };
        const cancel = proc.clock.at(proc.clock.now() + waitMs, () => settle(undefined));
        const sent = structuredClone(envelope);
        proc.send("commands", () => {
          const servers = store.get(shard) ?? new Set();
          // As a server answers when there is no subscriber.
          if (servers.size === 0) proc.pushOnce(() => settle(undefined));
          for (const serve of servers) serve(sent, (reply) => proc.pushOnce(() => settle(reply)));
        });
      });
    },
    async serve(shard, handle) {
      const server: CommandServer = (envelope, answer) =>
        proc.pushOnce(() => {
          handle(structuredClone(envelope)).then(
            (reply) => {
              const sent = structuredClone(reply);
              proc.send("command answers", () => answer(sent));
            },
            () => undefined, // No answer is sent.
          );
        });
      const servers = store.get(shard) ?? new Set();
      store.set(shard, servers.add(server));
      const leave = (): void => void servers.delete(server);
      proc.onKilled(leave);
      return { close: async () => leave() };
    },
  };
}
