import type { RpcPeer } from "@narthex/rpc";

/** Waits, but not longer than the connection lasts. */
export async function pause(ms: number, peer: RpcPeer): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([new Promise((resolve) => (timer = setTimeout(resolve, ms))), peer.closed]);
  clearTimeout(timer);
}
