// The built runtime as a process that tests kill and start again, and a client that sees its wire as it is.
import { once } from "node:events";
import { NarthexError } from "@narthex/protocol";
import { RpcPeer } from "@narthex/rpc";
import { connectTcp } from "@narthex/rpc/node";
import { Arrivals, within } from "@narthex/testkit";
import { onTestFinished } from "vitest";
import { start, tempFolder } from "./fixture.ts";

export interface WireEvent {
  id: string;
  parentId: string | null;
  type: string;
  data: any;
  ephemeral?: boolean;
}

/** A client without an SDK: everything it reads, in order. */
export class WireClient {
  readonly peer: RpcPeer;
  readonly all: { sessionId: string; event: WireEvent }[] = [];
  /** `event TYPE`, `response METHOD`, `request METHOD`, in the order in which they were read. */
  readonly order: string[] = [];
  readonly requests = new Arrivals<{ method: string; params: any }>();
  readonly #events = new Arrivals<WireEvent>();
  /** What the client answers requests with; by default nothing, ever. */
  answer: (method: string, params: any) => unknown = () => new Promise(() => undefined);

  constructor(peer: (client: WireClient) => RpcPeer) {
    this.peer = peer(this);
    this.peer.start();
  }

  took(method: string, params: any): void {
    if (method !== "session.event") return;
    this.order.push(`event ${params.event.type}`);
    this.all.push(params);
    this.#events.push(params.event);
  }

  call(method: string, params: unknown = {}): Promise<any> {
    return within(
      method,
      this.peer.request(method, params, { onResponse: () => this.order.push(`response ${method}`) }),
    );
  }

  /** Takes the next event of a type, now or when it comes. */
  event(type: string): Promise<WireEvent> {
    return this.#events.next(`an event ${type}`, (event) => event.type === type, 20_000);
  }

  count(type: string): number {
    return this.all.filter(({ event }) => event.type === type).length;
  }
}

export interface Process {
  readonly port: number;
  connect(features?: readonly string[]): Promise<WireClient>;
  /** Ends it like a loss of power would; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end; resolves with its exit code. */
  terminate(): Promise<number | null>;
}

export interface Home {
  readonly folder: string;
  /** Starts a runtime on this data folder. */
  start(...args: string[]): Promise<Process>;
}

/** A data folder, and the runtimes that are started on it one after the other. */
export function makeHome(modelBaseUrl?: string, variables: Record<string, string> = {}): Home {
  const folder = tempFolder();
  const env = {
    NARTHEX_HOME: folder,
    ...variables,
    ...(modelBaseUrl === undefined ? {} : { NARTHEX_MODEL: "scripted", NARTHEX_MODEL_BASE_URL: modelBaseUrl }),
  };
  return {
    folder,
    start: async (...args) => {
      const { child, finished } = start(["serve", "--port", "0", "--log-level", "error", ...args], { env });
      const port = await within("the runtime's port", portOf(child), 20_000);
      const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<number | null> => {
        child.kill(signal);
        return (await within("the end of the runtime", finished)).code;
      };
      return {
        port,
        connect: (features = []) => connect(port, features),
        kill: async () => void (await end("SIGKILL")),
        terminate: () => end("SIGTERM"),
      };
    },
  };
}

export async function logOf(client: WireClient, sessionId = "s"): Promise<any[]> {
  return (await client.call("session.getMessages", { sessionId })).events;
}

export const typesIn = (log: any[], type: string): any[] => log.filter((event) => event.type === type);

/** The log, as soon as it has so many events of a type; attaches to nothing. */
export async function untilLogged(client: WireClient, type: string, count: number, sessionId = "s"): Promise<any[]> {
  const deadline = Date.now() + 20_000;
  let cursor: string | undefined;
  for (let found = 0; found < count;) {
    if (Date.now() > deadline)
      throw new NarthexError("REQUEST_TIMEOUT", `The log of ${sessionId} has no ${count} ${type}.`);
    const query = { sessionId, types: [type], waitMs: 1_000, ...(cursor === undefined ? {} : { cursor }) };
    const page = await client.call("session.eventLog.read", query);
    cursor = page.cursor;
    found += page.events.length;
  }
  return logOf(client, sessionId);
}

async function portOf(child: ReturnType<typeof start>["child"]): Promise<number> {
  let text = "";
  child.stdout!.on("data", (chunk: string) => (text += chunk));
  for (;;) {
    const match = /listening on port (\d+)/.exec(text);
    if (match !== null) return Number(match[1]);
    await Promise.race([
      once(child.stdout!, "data"),
      once(child, "close").then(() => {
        throw new NarthexError("RUNTIME_EXITED", `The runtime ended early: ${text}`);
      }),
    ]);
  }
}

async function connect(port: number, features: readonly string[]): Promise<WireClient> {
  const transport = await connectTcp({ host: "127.0.0.1", port });
  const client = new WireClient(
    (self) =>
      new RpcPeer(transport, {
        notification: (method, params) => self.took(method, params),
        request: (method, params) => {
          self.order.push(`request ${method}`);
          self.requests.push({ method, params });
          return self.answer(method, params);
        },
      }),
  );
  onTestFinished(() => client.peer.close());
  await client.call("connect", { features });
  return client;
}
