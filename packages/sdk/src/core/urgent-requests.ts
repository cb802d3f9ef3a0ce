import type { RuntimeRequestMethod } from "@narthex/protocol";

/** Is this a request that a runtime may need answered before it can answer a create or a resume? It must not wait. */
export function isUrgentRequest(method: RuntimeRequestMethod): boolean {
  return method.startsWith("sessionFs.") || method === "providerToken.getToken";
}
