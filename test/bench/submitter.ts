import { Agent, request } from "node:http";

/** A job of one no-op task, as a request's body. */
export const jobBody = ({ cpu, params }: { readonly cpu: string; readonly params: object }): string =>
  JSON.stringify({
    Job: {
      Type: "batch",
      Count: 1,
      Tasks: [{ Name: "main", Engine: { Type: "noop", Params: params }, Resources: { CPU: cpu, Memory: "1Mb" } }],
    },
  });

/** Needs almost no resources, and ends at once. */
const noop = jobBody({ cpu: "10m", params: {} });

/** Submits no-op jobs as fast as one process can, over persistent connections. */
export function submitter(api: string, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const url = new URL("/api/v1/orchestrator/jobs", api);
  return {
    /** Submits a no-op, or another job; resolves with its id. */
    submit: (body: string = noop) =>
      new Promise<string>((resolve, reject) => {
        const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
        const call = request(url, { method: "PUT", agent, headers }, (answer) => {
          let reply = "";
          answer.setEncoding("utf8");
          answer.on("data", (piece: string) => {
            reply += piece;
          });
          answer.on("end", () => {
            if (answer.statusCode === 200) resolve(String(JSON.parse(reply).JobID));
            else reject(new Error(`${answer.statusCode}: ${reply}`));
          });
        });
        call.on("error", reject);
        call.end(body);
      }),
    close: () => agent.destroy(),
  };
}
