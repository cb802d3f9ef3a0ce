import { createMemoryPair, type Transport } from "@narthex/rpc";
import type { Gateway } from "./gateway/gateway.ts";

/**
 * One end of a duplex to a gateway in this process, for `RuntimeConnection.forInProcess({ connect })`.
 *
 * @example
 * const connection = RuntimeConnection.forInProcess({ connect: () => connectInProcess(gateway) });
 */
export function connectInProcess(gateway: Gateway): Transport {
  const [ours, theirs] = createMemoryPair();
  gateway.accept(ours);
  return theirs;
}
