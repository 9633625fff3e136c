import { z } from "zod";

/** The body of every answer that is an error. */
export const ApiErrorBody = z
  .object({
    status: z.int().describe("the HTTP status"),
    message: z.string().describe("what was expected and what came"),
    requestId: z.string().describe("the id of the request in the requester's log"),
    code: z.string().describe("the code of the error table, such as NotFound"),
    component: z.string().describe("the part of Shoal that refused it"),
    hint: z.string().describe("what to do next"),
    details: z.record(z.string(), z.string()).optional().describe("facts for programs"),
  })
  .meta({ id: "Error", description: "the body of every response that is an error" });
