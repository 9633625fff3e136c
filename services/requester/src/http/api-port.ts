import { Fault, type Process } from "@shoal/core";
import { apiRoutes } from "@shoal/proto";
import type { FastifyInstance } from "fastify";

/** The port of the API. It can be bound before the start; until then it answers 503 and names the failed checks. */
export interface ApiPort {
  /** As a separate process: a requester that cannot bind the port takes nothing else. */
  readonly binding: Process;
  /**
   * Binds the port unless it is bound, and serves requests from now on. Throws Fault CONFIG_INVALID when the port is
   * not available.
   */
  open(): Promise<void>;
  url(): string;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

// The routes that an operator reads on a process that is not ready.
const alwaysAnswered: ReadonlySet<string> = new Set([apiRoutes.healthz.path, apiRoutes.readyz.path]);

/** Call it before other hooks are added: an API that is not ready neither counts nor reads requests. */
export function createApiPort(app: FastifyInstance, place: Place): ApiPort {
  let address = "";
  let isWaiting = false;
  app.addHook("onRequest", (request, _reply, done) => {
    if (!isWaiting || alwaysAnswered.has(request.url)) done();
    else done(new Fault("NOT_READY", "the requester has not started yet"));
  });
  async function bind(): Promise<void> {
    address = await app.listen({ host: place.host, port: place.port }).catch((failure: unknown) => {
      throw notListening(failure, place);
    });
  }
  return {
    binding: {
      name: "api port",
      async start() {
        isWaiting = true;
        await bind();
      },
      stop: () => app.close(),
    },
    async open() {
      if (address === "") await bind();
      isWaiting = false;
    },
    url: () => address,
  };
}

function notListening(failure: unknown, { host, port }: Place): unknown {
  const code = failure instanceof Error && "code" in failure ? failure.code : undefined;
  if (code !== "EADDRINUSE" && code !== "EACCES" && code !== "EADDRNOTAVAIL") return failure;
  const why = { EADDRINUSE: "is in use", EACCES: "is not allowed", EADDRNOTAVAIL: "is not an address of this machine" };
  return new Fault("CONFIG_INVALID", `http.host ${host}, http.port ${port}: ${why[code]}; port 0 binds any free port`, {
    cause: failure,
  });
}
