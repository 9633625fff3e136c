import { Heartbeat, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { decodeMessage } from "../message-codec.ts";

/** Every heartbeat of one node, or of all (`*`), until closed. One that is said under another node's id is left out. */
export async function followHeartbeats(
  link: NatsSession,
  nodeId: string,
  deliver: (heartbeat: Heartbeat) => void,
): Promise<{ close(): Promise<void> }> {
  const subscription = link.nc.subscribe(subjects.heartbeat(nodeId), {
    callback: (failure, message) => {
      if (failure !== null) return link.onProblem(`heartbeats: ${failure.message}`);
      const heartbeat = Heartbeat.safeParse(decodeMessage(message.data));
      // The server vouches for the subject alone.
      if (heartbeat.success && message.subject === subjects.heartbeat(heartbeat.data.info.nodeId))
        deliver(heartbeat.data);
    },
  });
  await link.nc.flush();
  return { close: async () => subscription.unsubscribe() };
}
