import { randomUUID } from "node:crypto";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { FEATURE_DURABLE_SEND, NarthexError, PROTOCOL_VERSION } from "@narthex/protocol";
import { RpcPeer, encodeFrame } from "@narthex/rpc";
import { socketTransport } from "@narthex/rpc/node";
import { Arrivals } from "./arrivals.ts";
import { ScriptedLog, unknownMethod } from "./scripted-log.ts";

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
  /**
   * Answers reads of the log with the events so far: all of them (`full`), or the persisted ones, with
   * `session.getMessages` only (`persisted`). Default: reads wait for the script.
   */
  readonly log?: "full" | "persisted";
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
  /** What has happened in its sessions. */
  readonly log = new ScriptedLog();
  readonly #keepsLog: boolean;
  readonly #server: Server;
  readonly #port: number;
  readonly #answers: NonNullable<ScriptedRuntimeOptions["answers"]>;
  readonly #calls = new Arrivals<ScriptedCall>();
  readonly #connections = new Arrivals<RpcPeer>();
  readonly #peers = new Set<RpcPeer>();
  #peer: RpcPeer | undefined;
  #socket: Socket | undefined;
  #lastEventId: string | null = null;

  constructor(server: Server, options: ScriptedRuntimeOptions) {
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    const features = [FEATURE_DURABLE_SEND]; // what a test sends, it wants to see at once
    const connect = (): unknown => ({ ok: true, protocolVersion: PROTOCOL_VERSION, version: "scripted", features });
    const ping = (): unknown => ({
      message: "pong",
      timestamp: new Date().toISOString(),
      protocolVersion: PROTOCOL_VERSION,
    });
    this.#keepsLog = options.log !== undefined;
    this.#answers = { connect, ping, ...this.#logAnswers(options.log), ...options.answers };
    server.on("connection", (socket) => this.#accept(socket));
  }

  /** Address for `RuntimeConnection.forUri`. */
  get uri(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Takes the next connection of a client, now or when it comes. */
  nextConnection(timeoutMs?: number): Promise<RpcPeer> {
    return this.#connections.next("a connection", () => true, timeoutMs);
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
    const event = this.#append(sessionId, type, data, extra);
    this.peer.notify("session.event", { sessionId, event });
    return event.id;
  }

  /** Something happens in a session while nobody is told; returns the event's id. */
  record(sessionId: string, type: string, data: unknown = {}, extra: Record<string, unknown> = {}): string {
    return this.#append(sessionId, type, data, extra).id;
  }

  /** Sends the first half of an event, and then the connection is cut. */
  cutWithin(sessionId: string, type: string, data: unknown = {}, extra: Record<string, unknown> = {}): string {
    const event = this.#append(sessionId, type, data, extra);
    const params = { sessionId, event };
    const frame = encodeFrame(JSON.stringify({ jsonrpc: "2.0", method: "session.event", params }));
    const socket = this.#socket;
    socket?.write(frame.subarray(0, frame.length - 20), () => socket.destroy());
    return event.id;
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

  /** Refuses new connections, until `listen`. */
  stopListening(): void {
    this.#server.close();
  }

  /** Takes connections again, on the same port. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
  }

  async close(): Promise<void> {
    for (const peer of this.#peers) peer.close();
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    const peer = new RpcPeer(socketTransport(socket), {
      request: (method, params) => this.#called(method, params),
      closed: () => this.#peers.delete(peer),
    });
    this.#peers.add(peer);
    this.#peer = peer;
    this.#socket = socket;
    this.#connections.push(peer);
    peer.start();
  }

  #append(sessionId: string, type: string, data: unknown, extra: Record<string, unknown>) {
    const id = randomUUID();
    const event = { id, timestamp: new Date().toISOString(), parentId: this.#lastEventId, type, data, ...extra };
    if (extra.ephemeral !== true) this.#lastEventId = id;
    if (this.#keepsLog) this.log.append(sessionId, event);
    return event;
  }

  #logAnswers(kept: ScriptedRuntimeOptions["log"]): NonNullable<ScriptedRuntimeOptions["answers"]> {
    if (kept === undefined) return {};
    const read = "session.eventLog.read";
    return {
      "session.getMessages": (params) => this.log.messages(params),
      [read]: kept === "full" ? (params) => this.log.read(params) : unknownMethod(read),
    };
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
