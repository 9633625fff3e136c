import type { NatsConnection } from "@nats-io/nats-core";
import { NatsConnectionImpl, setTransportFactory } from "@nats-io/nats-core/internal";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { NodeTransport, nodeResolveHost } from "@nats-io/transport-node/lib/node_transport.js";

// What libuv reads from a socket at once (uv_stream's buffer in Node): about a hundred messages, some milliseconds of work.
const bytesPerTurn = 65_536;

/**
 * The library's transport, which lets the process do its other work between two pieces. A socket that has much to read is otherwise
 * read up to 32 times in one turn of the event loop: 1.6 MB of messages blocked a requester for 130 ms (measured).
 */
class PacedTransport extends NodeTransport {
  override setupHandlers(): void {
    super.setupHandlers();
    const { socket } = this;
    let bytes = 0;
    const nextTurn = () => {
      bytes = 0;
      socket.resume();
    };
    socket.on("data", (piece) => {
      if (bytes === 0) setImmediate(nextTurn);
      bytes += piece.length;
      if (bytes >= bytesPerTurn) socket.pause();
    });
  }
}

/** Connects as the library does, by a transport that does not block the event loop. */
export function dial(options: NodeConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new PacedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}
