import { Agent, request } from "node:http";

/** A job that does nothing, asks for next to nothing, and is done at once. */
const noop = JSON.stringify({
  Job: {
    Type: "batch",
    Count: 1,
    Tasks: [{ Name: "main", Engine: { Type: "noop", Params: {} }, Resources: { CPU: "10m", Memory: "1Mb" } }],
  },
});

/** Submits no-op jobs as fast as one process can, over connections that stay open. */
export function submitter(api: string, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const url = new URL("/api/v1/orchestrator/jobs", api);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(noop) };
  return {
    /** The new job's id. */
    submit: () =>
      new Promise<string>((resolve, reject) => {
        const call = request(url, { method: "PUT", agent, headers }, (answer) => {
          let body = "";
          answer.setEncoding("utf8");
          answer.on("data", (piece: string) => {
            body += piece;
          });
          answer.on("end", () => {
            if (answer.statusCode === 200) resolve(String(JSON.parse(body).JobID));
            else reject(new Error(`${answer.statusCode}: ${body}`));
          });
        });
        call.on("error", reject);
        call.end(noop);
      }),
    close: () => agent.destroy(),
  };
}
