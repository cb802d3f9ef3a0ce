// Official clients of our runtime, over every way there is to it.
import { CopilotClient, RuntimeConnection } from "@github/copilot-sdk";
import { afterAll, beforeAll, expect } from "vitest";
import { cleanEnvironment, tempFolder } from "../stand/environment.ts";
import { NARTHEX_RUNTIME } from "../stand/places.ts";
import { serveNarthex } from "../stand/serve.ts";

/** The SDK starts the runtime and talks over stdio or TCP, or the runtime runs already, with or without a token. */
export const WAYS = ["stdio", "tcp", "uri", "uri with a token"] as const;
export type Way = (typeof WAYS)[number];

export interface OfficialStand {
  readonly client: CopilotClient;
  /** Another client of the same runtime; only where the runtime runs already. */
  another(): CopilotClient;
  /** Stops the client, and the runtime if it ran already: the client's errors, and that runtime's exit code. */
  end(): Promise<{ errors: Error[]; exitCode: number | null }>;
}

export interface StandOptions {
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
}

const clients = new Set<CopilotClient>();
// A test that failed half-way has not stopped its clients; those that are stopped do not mind.
afterAll(() => Promise.all([...clients].map((client) => client.forceStop())));

const TOKEN = "a token of the tests";

/** Starts what the way needs and makes a client that is not connected yet. */
export async function officialStand(way: Way, options: StandOptions = {}): Promise<OfficialStand> {
  const { env = cleanEnvironment(), args = [] } = options;
  if (way === "stdio" || way === "tcp") {
    const start = { path: NARTHEX_RUNTIME, env, args };
    const connection = way === "stdio" ? RuntimeConnection.forStdio(start) : RuntimeConnection.forTcp(start);
    const client = newClient(connection);
    const another = (): never => {
      throw new Error("A runtime that an SDK started is that SDK's alone.");
    };
    return { client, another, end: async () => ({ errors: await client.stop(), exitCode: 0 }) };
  }
  const [token, connect] = way === "uri" ? [{}, {}] : [{ NARTHEX_CONNECTION_TOKEN: TOKEN }, { connectionToken: TOKEN }];
  const serving = await serveNarthex({ ...env, ...token }, args);
  const another = (): CopilotClient => newClient(RuntimeConnection.forUri(serving.port, connect));
  const client = another();
  return { client, another, end: async () => ({ errors: await client.stop(), exitCode: await serving.end() }) };
}

function newClient(connection: RuntimeConnection): CopilotClient {
  const client = new CopilotClient({ connection, workingDirectory: tempFolder() });
  clients.add(client);
  return client;
}

/** A stand for all tests of a suite. Whatever they did, both sides must end in peace. */
export function sharedStand(way: Way, options: StandOptions = {}): () => OfficialStand {
  let stand: OfficialStand;
  beforeAll(async () => {
    stand = await officialStand(way, options);
    await stand.client.start();
  });
  afterAll(async () => {
    expect(await stand.end()).toEqual({ errors: [], exitCode: 0 });
  });
  return () => stand;
}
