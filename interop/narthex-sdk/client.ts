// Our clients of the official runtime.
import { CopilotClient, RuntimeConnection, type CopilotClientOptions } from "@narthex/sdk";
import { afterAll, beforeAll, expect } from "vitest";
import { cleanEnvironment, tempFolder } from "../stand/environment.ts";
import { officialRuntime } from "../stand/places.ts";

export const WAYS = ["stdio", "tcp"] as const;
export type Way = (typeof WAYS)[number];

const clients = new Set<CopilotClient>();
// A test that failed half-way has not stopped its clients; those that are stopped do not mind.
afterAll(() => Promise.all([...clients].map((client) => client.forceStop())));

/** A client that starts the official runtime, not connected yet. */
export function narthexClient(
  way: Way,
  env: Record<string, string> = cleanEnvironment(),
  options: CopilotClientOptions = {},
): CopilotClient {
  const start = { path: officialRuntime(), env };
  const connection = way === "stdio" ? RuntimeConnection.forStdio(start) : RuntimeConnection.forTcp(start);
  const client = new CopilotClient({
    connection,
    useLoggedInUser: false,
    workingDirectory: tempFolder(),
    ...options,
  });
  clients.add(client);
  return client;
}

/** A client for all tests of a suite. Whatever they did, it must stop in peace. */
export function sharedClient(way: Way): () => CopilotClient {
  let client: CopilotClient;
  beforeAll(async () => {
    client = narthexClient(way);
    await client.start();
  });
  afterAll(async () => {
    expect(await client.stop()).toEqual([]);
  });
  return () => client;
}
