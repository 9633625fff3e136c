import { Fault, type Process } from "@shoal/core";
import { apiRoutes } from "@shoal/proto";
import type { FastifyInstance } from "fastify";

/** The port of the API. It can be bound ahead of the start; until then it answers 503, and says why it is not ready. */
export interface ApiPort {
  /** As a process of its own: who cannot have the port takes nothing else. */
  readonly binding: Process;
  /** Binds the port unless that is done, and answers from now on. Throws Fault CONFIG_INVALID when it cannot be had. */
  open(): Promise<void>;
  url(): string;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

// What an operator asks of a process that is not ready.
const alwaysAnswered: ReadonlySet<string> = new Set([apiRoutes.healthz.path, apiRoutes.readyz.path]);

/** Call it before other hooks are added: what is not ready counts nothing and looks at nothing. */
export function createApiPort(app: FastifyInstance, place: Place): ApiPort {
  let address = "";
  let isWaiting = false;
  app.addHook("onRequest", (request, _reply, done) => {
    if (!isWaiting || alwaysAnswered.has(request.url)) done();
    else done(new Fault("NOT_READY", "the API answers once the requester has started"));
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
  return new Fault("CONFIG_INVALID", `http.host ${host}, http.port ${port}: ${why[code]}; port 0 takes any free one`, {
    cause: failure,
  });
}
