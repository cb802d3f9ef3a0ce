import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openLocalEngine, type Engine } from "@narthex/engine";
import { NarthexError } from "@narthex/protocol";
import { RpcPeer, type Transport } from "@narthex/rpc";
import { connectTcp } from "@narthex/rpc/node";
import { Runtime, type ModelConfig, type RepositoryBases, type RuntimeLogger } from "@narthex/runtime";
import { Arrivals } from "@narthex/testkit";
import { onTestFinished } from "vitest";
import { Gateway, accessKey, createHttpApp, listen } from "../src/index.ts";

export interface WireEvent {
  id: string;
  parentId: string | null;
  type: string;
  data: any;
  ephemeral?: boolean;
}
export interface Arrived {
  sessionId: string;
  event: WireEvent;
}

/** A raw client: what it reads, in order, with nothing of the SDK in between. */
export class RawClient {
  readonly peer: RpcPeer;
  /** Everything read, responses included, in order: `event TYPE`, `response METHOD`, `request METHOD`. */
  readonly order: string[] = [];
  readonly events = new Arrivals<Arrived>();
  readonly all: Arrived[] = [];
  readonly lifecycle: any[] = [];
  readonly notices = new Arrivals<any>();
  answer: (method: string, params: any) => unknown = (method) => {
    throw new NarthexError("METHOD_NOT_FOUND", `Unhandled method ${method}`);
  };

  /** Called with each event as it is read. */
  onEvent: (event: WireEvent) => void = () => undefined;

  constructor(transport: Transport) {
    this.peer = new RpcPeer(transport, {
      notification: (method, params: any) => {
        if (method === "session.lifecycle") {
          this.notices.push(params);
          return void this.lifecycle.push(params);
        }
        this.order.push(`event ${params.event.type}`);
        this.all.push(params);
        this.events.push(params);
        this.onEvent(params.event);
      },
      request: (method, params) => {
        this.order.push(`request ${method}`);
        return this.answer(method, params);
      },
    });
    this.peer.start();
  }

  call(method: string, params: unknown = {}): Promise<any> {
    return this.peer.request(method, params, { onResponse: () => this.order.push(`response ${method}`) });
  }

  /** The next event of a type, now or when it comes. */
  async event(type: string): Promise<WireEvent> {
    return (await this.events.next(`an event ${type}`, (arrived) => arrived.event.type === type)).event;
  }

  /** Sends a prompt and waits until the session is idle again. */
  async turn(sessionId: string, prompt: string): Promise<WireEvent> {
    await this.call("session.send", { sessionId, prompt });
    return this.event("session.idle");
  }
}

const silent: RuntimeLogger = { debug() {}, info() {}, warn() {}, error() {} };
export const SECRET = "secret of the tests";

export interface Stand {
  readonly home: string;
  readonly port: number;
  readonly engine: Engine;
  readonly runtime: Runtime;
  readonly gateway: Gateway;
  connect(features?: readonly string[], token?: string): Promise<RawClient>;
  /** Goes away without shutting the runtime down; for a runtime whose engine does nothing any more. */
  crash(): Promise<void>;
  urlOf(sessionId: string): string;
}

/** A whole runtime on a free port, with a data directory of its own; ends with the test. */
export async function startStand(
  options: {
    model?: ModelConfig;
    token?: string;
    repositories?: RepositoryBases;
    home?: string;
    limits?: object;
    eventLogLimits?: object;
    /** What the runtime gets in place of the engine. */
    wrap?: (engine: Engine) => Engine;
  } = {},
): Promise<Stand> {
  const home = options.home ?? (await mkdtemp(path.join(tmpdir(), "narthex-server-")));
  const engine = await openLocalEngine({ directory: home });
  let port = 0;
  const urlOf = (id: string): string => `http://127.0.0.1:${port}/sessions/${id}?key=${accessKey(SECRET, id)}`;
  const runtime = new Runtime({
    engine: options.wrap?.(engine) ?? engine,
    workspacesDirectory: path.join(home, "workspaces"),
    repositories: options.repositories ?? {},
    model: options.model ?? { kind: "offline" },
    defaultWorkingDirectory: home,
    remoteUrlOf: urlOf,
    logger: silent,
    // A stand that follows another one in this process takes its sessions over, as a process does with those of a dead one.
    host: "stand",
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.eventLogLimits === undefined ? {} : { eventLogLimits: options.eventLogLimits }),
  });
  const gateway = new Gateway({
    runtime,
    logger: silent,
    ...(options.token === undefined ? {} : { token: options.token }),
  });
  const listener = await listen({ gateway, app: createHttpApp({ runtime, secret: SECRET }), port: 0 });
  port = listener.port;
  const leave = async (isCrash: boolean): Promise<void> => {
    if (!isCrash) await gateway.shutDown();
    gateway.close();
    await listener.close();
    await engine.close();
  };
  let hasCrashed = false;
  onTestFinished(async () => {
    if (!hasCrashed) await leave(false);
    if (options.home === undefined) await rm(home, { recursive: true, force: true });
  });
  const crash = (): Promise<void> => {
    hasCrashed = true;
    return leave(true);
  };
  const connect = async (features: readonly string[] = [], token?: string): Promise<RawClient> => {
    const client = new RawClient(await connectTcp({ host: "127.0.0.1", port }));
    onTestFinished(() => client.peer.close());
    await client.call("connect", { features, ...(token === undefined ? {} : { token }) });
    return client;
  };
  return { home, port, engine, runtime, gateway, connect, crash, urlOf };
}

/** A model config for a scripted model. */
export function scripted(baseUrl: string): ModelConfig {
  return { kind: "openai", baseUrl, model: "scripted", apiKey: "sk-test-key" };
}
