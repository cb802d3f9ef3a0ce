// A session whose connection a test can lose.
import { Arrivals, type ScriptedCall, type ScriptedRuntimeOptions } from "@narthex/testkit";
import type {
  CloudSessionConfig,
  ConnectionEvent,
  CopilotSession,
  ReconnectOptions,
  SessionEvent,
} from "../src/index.ts";
import { connectedPair, type Pair } from "./fixture.ts";

/** Pauses too short to wait for. */
export const FAST: ReconnectOptions = { initialDelayMs: 1, maxDelayMs: 2 };

export interface Outage extends Pair {
  readonly session: CopilotSession;
  /** Messages of the `session.info` events delivered so far, and the types of the others. */
  readonly seen: string[];
  readonly events: Arrivals<SessionEvent>;
  readonly connection: Arrivals<ConnectionEvent>;
  /** Takes the next event of the connection of one type. */
  readonly told: <T extends ConnectionEvent["type"]>(type: T) => Promise<Extract<ConnectionEvent, { type: T }>>;
  /** Waits until the session is asked to go on, and answers. */
  readonly resume: (result?: Record<string, unknown>) => Promise<ScriptedCall>;
  /** Waits until the session goes on. */
  readonly resumed: () => Promise<void>;
  /** Waits until everything sent so far was read, and what the client says to it has arrived. */
  readonly quiet: () => Promise<void>;
  readonly info: (message: string, extra?: Record<string, unknown>) => string;
  /** Something happens while nobody is told. */
  readonly missed: (message: string, extra?: Record<string, unknown>) => string;
}

/** A client with a cloud session `s-1` on a scripted runtime. */
export async function sessionWithOutages(
  options: {
    config?: Partial<CloudSessionConfig>;
    reconnect?: ReconnectOptions | false;
    log?: ScriptedRuntimeOptions["log"];
    answers?: ScriptedRuntimeOptions["answers"];
  } = {},
): Promise<Outage> {
  const { config, reconnect = FAST, log = "full", answers } = options;
  const runtime = { log, ...(answers === undefined ? {} : { answers }) };
  const pair = await connectedPair({ runtime, client: { reconnect } });
  await pair.runtime.nextConnection();
  const connection = new Arrivals<ConnectionEvent>();
  pair.client.on("connection", (event) => connection.push(event));
  const seen: string[] = [];
  const events = new Arrivals<SessionEvent>();
  const creating = pair.client.createCloudSession({
    cloud: {},
    ...config,
    onEvent: (event) => {
      seen.push(event.type === "session.info" ? event.data.message : event.type);
      events.push(event);
    },
  });
  (await pair.runtime.nextCall("session.create")).reply({ sessionId: "s-1" });
  const session = await creating;
  const told: Outage["told"] = async (type) =>
    (await connection.next(type, (event) => event.type === type)) as Extract<ConnectionEvent, { type: typeof type }>;
  const data = (message: string) => ({ infoType: "t", message });
  return {
    ...pair,
    session,
    seen,
    events,
    connection,
    told,
    resume: async (result = {}) => {
      const call = await pair.runtime.nextCall("session.resume");
      call.reply({ sessionId: call.params.sessionId, ...result });
      return call;
    },
    quiet: async () => {
      for (let n = 0; n < 2; n += 1) await pair.client.ping();
    },
    resumed: async () => void (await told("resumed")),
    info: (message, extra) => pair.runtime.event("s-1", "session.info", data(message), extra),
    missed: (message, extra) => pair.runtime.record("s-1", "session.info", data(message), extra),
  };
}
