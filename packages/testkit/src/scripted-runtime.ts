import { randomUUID } from "node:crypto";
import { createServer, type AddressInfo, type Server } from "node:net";
import { FEATURE_DURABLE_SEND, NarthexError, PROTOCOL_VERSION } from "@narthex/protocol";
import { RpcPeer } from "@narthex/rpc";
import { socketTransport } from "@narthex/rpc/node";
import { Arrivals } from "./arrivals.ts";

/** A call of the client that waits for the script's answer. */
export interface ScriptedCall {
  readonly method: string;
  readonly params: Record<string, unknown>;
  /** Answers the call. */
  reply(result: unknown): void;
  /** Refuses it. */
  fail(error: NarthexError): void;
}

export interface ScriptedRuntimeOptions {
  /** Answers by method; what is not here waits for the script (`nextCall`). `connect` and `ping` are answered unless told otherwise. */
  readonly answers?: Readonly<Record<string, (params: Record<string, unknown>) => unknown>>;
}

/**
 * A runtime that does exactly what a test says, over real TCP: events and requests before, with and after any response.
 *
 * @example
 * const runtime = await startScriptedRuntime();
 * const client = new CopilotClient({ connection: RuntimeConnection.forUri(runtime.uri) });
 * const creating = client.createCloudSession({ cloud: {} });
 * const create = await runtime.nextCall("session.create");
 * runtime.event("s-1", "session.info", { infoType: "hello", message: "early" });
 * create.reply({ sessionId: "s-1" });
 * await creating;
 */
export class ScriptedRuntime {
  readonly #server: Server;
  readonly #answers: NonNullable<ScriptedRuntimeOptions["answers"]>;
  readonly #calls = new Arrivals<ScriptedCall>();
  #peer: RpcPeer | undefined;
  #lastEventId: string | null = null;

  constructor(server: Server, options: ScriptedRuntimeOptions) {
    this.#server = server;
    const features = [FEATURE_DURABLE_SEND]; // what a test sends, it wants to see at once
    const connect = (): unknown => ({ ok: true, protocolVersion: PROTOCOL_VERSION, version: "scripted", features });
    const ping = (): unknown => ({
      message: "pong",
      timestamp: new Date().toISOString(),
      protocolVersion: PROTOCOL_VERSION,
    });
    this.#answers = { connect, ping, ...options.answers };
    server.on("connection", (socket) => {
      const peer = new RpcPeer(socketTransport(socket), { request: (method, params) => this.#called(method, params) });
      this.#peer = peer;
      peer.start();
    });
  }

  /** Address for `RuntimeConnection.forUri`. */
  get uri(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Takes the next call of a method that the script has to answer. */
  nextCall(method: string, timeoutMs?: number): Promise<ScriptedCall> {
    return this.#calls.next(`a call of ${method}`, (call) => call.method === method, timeoutMs);
  }

  /** Calls that arrived and were not taken. */
  get untakenCalls(): readonly ScriptedCall[] {
    return this.#calls.rest;
  }

  /** Sends an event of a session; returns its id. */
  event(sessionId: string, type: string, data: unknown = {}, extra: Record<string, unknown> = {}): string {
    const id = randomUUID();
    const event = { id, timestamp: new Date().toISOString(), parentId: this.#lastEventId, type, data, ...extra };
    if (extra.ephemeral !== true) this.#lastEventId = id;
    this.peer.notify("session.event", { sessionId, event });
    return id;
  }

  /** Sends any notification. */
  notify(method: string, params: unknown): void {
    this.peer.notify(method, params);
  }

  /** Asks the client something. */
  request(method: string, params: unknown): Promise<unknown> {
    return this.peer.request(method, params);
  }

  /** The connection of the client that connected last. */
  get peer(): RpcPeer {
    if (this.#peer !== undefined) return this.#peer;
    throw new NarthexError("NOT_CONNECTED", "No client has connected to the scripted runtime yet.");
  }

  /** Cuts the connection. */
  hangUp(): void {
    this.peer.close();
  }

  async close(): Promise<void> {
    this.#peer?.close();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #called(method: string, rawParams: unknown): unknown {
    const params = (rawParams ?? {}) as Record<string, unknown>;
    const answer = this.#answers[method];
    if (answer !== undefined) return answer(params);
    return new Promise((reply, reject) => this.#calls.push({ method, params, reply, fail: reject }));
  }
}

/** Starts a scripted runtime on a free port of this machine. */
export async function startScriptedRuntime(options: ScriptedRuntimeOptions = {}): Promise<ScriptedRuntime> {
  const server = createServer({ noDelay: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new ScriptedRuntime(server, options);
}
