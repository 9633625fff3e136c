import type { connectRequester } from "@shoal/nats";
import { streams } from "@shoal/proto";
import { perSecond } from "./measure.ts";

/** Messages per second that the client library's ordered consumer reads from the whole log when it only counts them. */
export async function bareConsume({
  session,
  log,
}: Pick<Awaited<ReturnType<typeof connectRequester>>, "session" | "log">): Promise<number> {
  const last = await log.lastSeq();
  const manager = await session.manager();
  const consumer = await manager.jetstream().consumers.get(streams.events);
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const began = performance.now();
  let messages = 0;
  const consuming = await consumer.consume({
    max_messages: 1000,
    callback: (message) => {
      messages++;
      if (message.seq >= last) resolve();
    },
  });
  await end;
  const ms = performance.now() - began;
  // Otherwise the consumer is recreated when its heartbeats are missing.
  consuming.stop();
  await consumer.delete();
  return perSecond(messages, ms);
}
