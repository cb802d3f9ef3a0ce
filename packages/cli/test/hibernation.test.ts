// The options that say how long a session stays in memory, on the runtime as a process.
import { within } from "@narthex/testkit";
import { describe, expect, it } from "vitest";
import { makeHome, type Home } from "./raw-runtime.ts";

/** What a session's page says, as soon as it says what is wanted. */
async function untilPage(url: string, wanted: object): Promise<void> {
  const told = async (): Promise<void> => {
    for (;;) {
      const page = (await (await fetch(url)).json()) as Record<string, unknown>;
      if (Object.entries(wanted).every(([name, value]) => page[name] === value)) return;
    }
  };
  await within(JSON.stringify(wanted), told(), 20_000);
}

async function createdOn(home: Home, ...args: string[]) {
  const runtime = await home.start(...args);
  const client = await runtime.connect();
  const { sessionId, remoteUrl } = await client.call("session.create", { cloud: {} });
  await client.call("session.send", { sessionId, prompt: "list files" });
  await client.event("session.idle");
  return { client, sessionId: String(sessionId), remoteUrl: String(remoteUrl) };
}

describe("narthex serve", () => {
  it("lets a session with a client hibernate after --attached-idle-timeout, and wakes it for the next message", async () => {
    const { client, sessionId, remoteUrl } = await createdOn(makeHome(), "--attached-idle-timeout", "0.05");
    await untilPage(remoteUrl, { state: "hibernated", attachedClients: 1 });
    await client.call("session.send", { sessionId, prompt: "list files" });
    await client.event("session.idle");
    expect(client.count("user.message")).toBe(2);
  });

  it("keeps a session without clients for --session-idle-timeout, and without the option not at all", async () => {
    const kept = await createdOn(makeHome(undefined, { NARTHEX_SESSION_IDLE_TIMEOUT: "3600" }));
    await kept.client.call("session.detach", { sessionId: kept.sessionId });
    await untilPage(kept.remoteUrl, { state: "idle", attachedClients: 0 });
    const short = await createdOn(makeHome(), "--session-idle-timeout", "0.05");
    await short.client.call("session.detach", { sessionId: short.sessionId });
    await untilPage(short.remoteUrl, { state: "stored" });
    const plain = await createdOn(makeHome());
    await plain.client.call("session.detach", { sessionId: plain.sessionId });
    await untilPage(plain.remoteUrl, { state: "stored" });
  });
});
