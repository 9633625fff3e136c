import type { Stall } from "@shoal/core";
import { AskBatch, type BidBatch, subjects } from "@shoal/proto";
import { encode, tryDecode } from "../codec/plain-maps.ts";
import type { Link } from "../connection/link.ts";

/** The node's side of bidding, over core NATS. */
export function createStall(link: Link, nodeId: string): Stall {
  async function hear(
    bytes: Uint8Array,
    answer: (batch: AskBatch) => Promise<BidBatch>,
  ): Promise<Uint8Array | undefined> {
    const batch = AskBatch.safeParse(tryDecode(bytes));
    if (!batch.success) {
      link.trouble(`an ask cannot be read: ${batch.error.issues[0]?.message ?? ""}`, "warn");
      return undefined;
    }
    return encode(await answer(batch.data));
  }
  return {
    async onAsk(answer) {
      const subscription = link.nc.subscribe(subjects.ask(nodeId), {
        callback: (failure, message) => {
          if (failure !== null) return link.trouble(`asks: ${failure.message}`);
          hear(message.data, answer).then(
            (bids) => (bids === undefined || !message.reply ? undefined : link.later.do(() => message.respond(bids))),
            (problem: unknown) => link.trouble(`asks: ${problem instanceof Error ? problem.message : String(problem)}`),
          );
        },
      });
      await link.nc.flush();
      return { close: async () => subscription.unsubscribe() };
    },
    heartbeat(heartbeat) {
      if (!link.nc.isClosed()) link.nc.publish(subjects.heartbeat(nodeId), encode(heartbeat));
    },
  };
}
