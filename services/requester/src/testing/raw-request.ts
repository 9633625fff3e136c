import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";

/** Opens a connection to the address of a URL; errors after it broke are ignored. */
export function openSocket(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect({ host: hostname, port: Number(port), allowHalfOpen: true }).on("error", () => {});
}

/** Sends bytes unchanged, ends its side, and resolves with all bytes received until the server ended its side. */
export async function rawRequest(url: string, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = openSocket(url);
  for (const piece of pieces) socket.write(piece);
  socket.end();
  return text(socket).catch(() => "");
}

/** The head of a request with the lines that every upgrade has; a line given twice is sent twice. */
export function upgradeHead(target: string, ...lines: readonly string[]): string {
  const defaults = ["Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  const names = new Set(lines.map((line) => line.split(":")[0]));
  const saved = [...defaults, key].filter((line) => !names.has(line.split(":")[0]));
  return [`GET ${target} HTTP/1.1`, ...saved, ...lines, "", ""].join("\r\n");
}
