import { Fault } from "@shoal/core";
import { secretNameProblem, tokenProblem } from "@shoal/proto";
import type { SecretName } from "../secrets/stored-secret.ts";
import type { ApiRequest } from "./route-handler.ts";

/** The secret in the path of a request. Throws Fault BAD_REQUEST when its name or namespace cannot be one. */
export function secretNamed({
  query,
  param,
}: Pick<ApiRequest<{ readonly namespace?: string | undefined }>, "query" | "param">): SecretName {
  const name = param("name");
  const { namespace = "default" } = query;
  const problem = secretNameProblem(name);
  if (problem !== undefined) throw new Fault("BAD_REQUEST", `name of a secret: ${problem}`);
  const invalid = tokenProblem(namespace);
  if (invalid !== undefined) throw new Fault("BAD_REQUEST", `invalid namespace "${namespace}": ${invalid}`);
  return { namespace, name };
}
