// A session that another process takes over while this one has it: it ends here, and nothing of it gets into the log.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openLocalEngine, type Engine } from "@narthex/engine";
import { Runtime, type RuntimeLogger, type SessionClient } from "@narthex/runtime";
import { Arrivals } from "@narthex/testkit";
import { expect, it, onTestFinished } from "vitest";

const client: SessionClient = {
  id: "c",
  isConnected: true,
  event: () => undefined,
  request: () => new Promise(() => undefined),
};

async function openEngine(directory: string, options: { isHostGone?: () => boolean } = {}): Promise<Engine> {
  const engine = await openLocalEngine({ directory, ...options });
  onTestFinished(() => engine.close());
  return engine;
}

function runtimeOn(engine: Engine, home: string, logger: RuntimeLogger): Runtime {
  const runtime = new Runtime({
    engine,
    workspacesDirectory: path.join(home, "workspaces"),
    repositories: {},
    model: { kind: "offline" },
    defaultWorkingDirectory: home,
    remoteUrlOf: () => undefined,
    logger,
    leaseTtlMs: 60,
  });
  onTestFinished(() => runtime.close());
  return runtime;
}

it("a runtime puts a session away that another one has taken, and writes nothing more into it", async () => {
  const home = await mkdtemp(path.join(tmpdir(), "narthex-leases-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const warnings = new Arrivals<string>();
  const logger: RuntimeLogger = { debug() {}, info() {}, error() {}, warn: (message) => warnings.push(message) };
  const engine = await openEngine(home);
  const runtime = runtimeOn(engine, home, logger);
  await runtime.createSession({ sessionId: "s" }, client);
  const session = await runtime.open("s");

  const other = await openEngine(home, { isHostGone: () => true }); // as if this process had ended
  const taken = await other.leases.claim("s", "another host", 60_000);
  expect(taken?.epoch).toBeGreaterThan(1);
  const before = await other.log.tail("s");
  await expect(session.log({ message: "late", level: "info" })).rejects.toMatchObject({ code: "LEASE_LOST" });
  await warnings.next("the loss", (message) => /taken over/.test(message), 10_000);
  await expect(runtime.open("s")).rejects.toMatchObject({ code: "SESSION_LEASED" });
  expect(await other.log.tail("s")).toEqual(before);

  await other.leases.release("s", taken!.epoch);
  await (await runtime.open("s")).log({ message: "back", level: "info" });
  expect(await other.verify()).toEqual([]);
});
