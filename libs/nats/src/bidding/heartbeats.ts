import { Heartbeat, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { decodeMessage } from "../message-codec.ts";

/** Delivers every heartbeat of one node, or of all (`*`), until closed. A heartbeat on another node's subject is ignored. */
export async function followHeartbeats(
  session: NatsSession,
  nodeId: string,
  deliver: (heartbeat: Heartbeat) => void,
): Promise<{ close(): Promise<void> }> {
  const subscription = session.nc.subscribe(subjects.heartbeat(nodeId), {
    callback: (failure, message) => {
      if (failure !== null) return session.onProblem(`heartbeats: ${failure.message}`);
      const heartbeat = Heartbeat.safeParse(decodeMessage(message.data));
      // NATS permissions cover the subject, not the payload.
      if (heartbeat.success && message.subject === subjects.heartbeat(heartbeat.data.info.nodeId))
        deliver(heartbeat.data);
    },
  });
  await session.flushed();
  return { close: async () => subscription.unsubscribe() };
}
