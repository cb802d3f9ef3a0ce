// A client without an SDK: answers when it is told to, and hears what became of its answer.
import { RpcPeer } from "@narthex/rpc";
import { connectTcp } from "@narthex/rpc/node";
import { within } from "@narthex/testkit";
import type { AnyEvent, JournalWriter } from "./journal-writer.ts";

const CALL_TIMEOUT_MS = 20_000;

export class WireClient {
  readonly #peer: RpcPeer;

  private constructor(peer: RpcPeer) {
    this.#peer = peer;
  }

  /** Connects; every event of every session goes to the journal. */
  static async connect(port: number, journal: JournalWriter): Promise<WireClient> {
    const transport = await connectTcp({ host: "127.0.0.1", port });
    const peer = new RpcPeer(transport, {
      notification: (method, params) => {
        if (method === "session.event") journal.event((params as { event: AnyEvent }).event);
      },
      request: () => new Promise(() => undefined), // questions are answered by call here
    });
    peer.start();
    const client = new WireClient(peer);
    await client.call("connect", { features: ["early-session-traffic"] });
    return client;
  }

  call(method: string, params: Record<string, unknown>): Promise<unknown> {
    return within(method, this.#peer.request(method, params), CALL_TIMEOUT_MS);
  }

  close(): void {
    this.#peer.close();
  }
}
