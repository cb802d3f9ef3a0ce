// What is deleted is gone from the disk.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { makeHome } from "./raw-runtime.ts";

/** The files of a folder in which a text stands, names included. */
function filesWith(folder: string, text: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return file.includes(text) || (entry.isFile() && readFileSync(file, "latin1").includes(text));
    })
    .map(({ name }) => name);
}

describe("a session that is deleted", () => {
  it("leaves nothing in the store and nothing on disk, and another session whole", async () => {
    const home = makeHome();
    const runtime = await home.start();
    const client = await runtime.connect();
    const [secret, kept] = ["a-word-nobody-else-uses", "a-word-that-stays"];
    const { sessionId } = await client.call("session.create", {
      cloud: {},
      clientName: secret,
      idempotencyKey: `key-${secret}`,
      systemMessage: { content: secret.repeat(100) },
    });
    await client.call("session.send", { sessionId, prompt: secret.repeat(1_000), idempotencyKey: secret });
    await client.event("session.idle");
    const other = await client.call("session.create", { cloud: {} });
    await client.call("session.send", { sessionId: other.sessionId, prompt: kept });
    await client.event("session.idle");
    expect(filesWith(home.folder, secret)).not.toEqual([]);
    expect(await client.call("session.delete", { sessionId })).toEqual({ success: true });
    expect(await client.call("session.delete", { sessionId })).toMatchObject({ success: false });
    await runtime.terminate();
    expect(filesWith(home.folder, secret)).toEqual([]);
    expect(filesWith(home.folder, sessionId)).toEqual([]);
    expect(filesWith(home.folder, kept)).toEqual(["narthex.db"]);
  });
});
