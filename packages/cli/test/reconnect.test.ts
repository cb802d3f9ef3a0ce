// Lost connections between the SDK and the real runtime (live-7): cut on the way, and with the runtime itself.
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import path from "node:path";
import { CopilotClient, RuntimeConnection, defineTool, type ConnectionEvent, type SessionEvent } from "@narthex/sdk";
import { Arrivals } from "@narthex/testkit";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { MAIN, start, tempFolder } from "./fixture.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A way to a port that can be cut. */
class Cable {
  readonly #server = createServer();
  readonly #sockets = new Set<Socket>();

  static async to(port: number): Promise<Cable> {
    const cable = new Cable();
    cable.#server.on("connection", (near) => {
      const far = connect(port, "127.0.0.1");
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) {
        cable.#sockets.add(socket);
        socket.on("error", () => undefined).on("close", () => (near.destroy(), far.destroy()));
      }
    });
    await new Promise<void>((resolve) => cable.#server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void cable.#server.close());
    return cable;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}

interface Scene {
  readonly client: CopilotClient;
  readonly events: SessionEvent[];
  readonly connection: Arrivals<ConnectionEvent>;
  readonly told: (type: ConnectionEvent["type"]) => Promise<ConnectionEvent>;
}

function sceneOf(connection: ReturnType<typeof RuntimeConnection.forUri | typeof RuntimeConnection.forStdio>): Scene {
  const home = tempFolder();
  const client = new CopilotClient({
    connection,
    env: { ...process.env, NARTHEX_HOME: home },
    logger: silent,
    reconnect: { initialDelayMs: 1 },
  });
  onTestFinished(() => client.forceStop());
  const told = new Arrivals<ConnectionEvent>();
  client.on("connection", (event) => told.push(event));
  return {
    client,
    events: [],
    connection: told,
    told: (type) => told.next(type, (event) => event.type === type),
  };
}

const persistedIds = (events: readonly SessionEvent[]): string[] =>
  events.filter((event) => event.ephemeral !== true).map((event) => event.id);

it.each(["tcp", "websocket"])(
  "goes on with a turn whose connection is cut while a tool runs, over %s",
  async (kind) => {
    const { child } = start(["serve", "--port", "0"]);
    const [text] = (await once(child.stdout!, "data")) as [string];
    const cable = await Cable.to(Number(/listening on port (\d+)/.exec(text)![1]));
    const uri = `127.0.0.1:${cable.port}`;
    const { client, events, told } = sceneOf(RuntimeConnection.forUri(kind === "tcp" ? uri : `ws://${uri}/`));
    let runs = 0;
    const session = await client.createCloudSession({
      cloud: {},
      onEvent: (event) => events.push(event),
      onPermissionRequest: () => ({ kind: "approve-once" }),
      tools: [
        defineTool("deploy_window", {
          description: "When may this be deployed?",
          parameters: z.object({ service: z.string() }),
          handler: async ({ service }) => {
            runs += 1;
            cable.cut();
            await told("resumed");
            return `${service}: weekdays`;
          },
        }),
      ],
    });
    const answer = await session.sendAndWait('use the tool deploy_window with {"service": "billing"}');
    expect(answer?.data.content).toContain("billing: weekdays");
    expect(runs).toBe(1);
    const stored = await session.getEvents();
    expect(persistedIds(events)).toEqual(persistedIds(stored));
    expect(await client.stop()).toEqual([]);
  },
);

it("starts a runtime again that died, and goes on with its sessions", async () => {
  const folder = tempFolder();
  const [program, pidFile] = [path.join(folder, "runtime.mjs"), path.join(folder, "pid")];
  writeFileSync(
    program,
    `import { writeFileSync } from "node:fs";
     writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
     process.argv[1] = ${JSON.stringify(MAIN)};
     await import(${JSON.stringify(MAIN)});`,
  );
  const { client, events, told, connection } = sceneOf(RuntimeConnection.forStdio({ path: program }));
  const session = await client.createCloudSession({ cloud: {}, onEvent: (event) => events.push(event) });
  await session.sendAndWait("list files");
  const pid = Number(readFileSync(pidFile, "utf8"));
  process.kill(pid, "SIGKILL");
  expect(await told("resumed")).toMatchObject({ sessionId: session.sessionId, isComplete: true });
  expect(Number(readFileSync(pidFile, "utf8"))).not.toBe(pid);
  expect((await session.sendAndWait("list files"))?.data.content).toContain("ffline planner");
  const stored = await session.getEvents();
  expect(persistedIds(events)).toEqual(persistedIds(stored));
  expect(await client.stop()).toEqual([]);
  expect(connection.rest.map((event) => event.type)).not.toContain("gave-up");
});
