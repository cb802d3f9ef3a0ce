import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { openLocalEngine } from "../src/index.ts";
import { startScript } from "./child-process.ts";
import { SessionEvents } from "./session-events.ts";
import { makeTempDirectory } from "./temp-directory.ts";

/** A closed store with one session of five events. */
async function makeStore(): Promise<string> {
  const directory = makeTempDirectory();
  const engine = await openLocalEngine({ directory });
  await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
  await engine.log.append("s-1", new SessionEvents().many(5));
  await engine.close();
  return directory;
}

async function verify(directory: string): Promise<string[]> {
  const engine = await openLocalEngine({ directory });
  const findings = await engine.verify();
  await engine.close();
  return findings;
}

async function damage(directory: string, sql: string): Promise<void> {
  const child = startScript("run-sql", join(directory, "narthex.db"), sql);
  await child.untilLines(1);
  child.stdin.write("\n");
  await child.finish();
}

describe("verify", () => {
  it("looks at one session when it is asked for one, and says when there is none", async () => {
    const directory = await makeStore();
    const engine = await openLocalEngine({ directory });
    await engine.directory.create({ id: "s-2", isCloud: true, attributes: {} });
    await engine.close();
    await damage(directory, "UPDATE events SET body = '{}' WHERE seq = 3");
    const damaged = await openLocalEngine({ directory, readOnly: true });
    expect(await damaged.verify("s-2")).toEqual([]);
    expect(await damaged.verify("s-1")).not.toEqual([]);
    await expect(damaged.verify("s-3")).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    await damaged.close();
  });

  it("finds nothing in a sound store", async () => {
    expect(await verify(await makeStore())).toEqual([]);
  });

  const damages: [name: string, sql: string, findings: RegExp[]][] = [
    [
      "a body that is no JSON",
      "UPDATE events SET body = '{\"id\"' WHERE seq = 3",
      [/^Session s-1, record 3: is no JSON object\.$/, /record 3: it or the record before it is not what was written/],
    ],
    [
      "a body that belongs to another event",
      `UPDATE events SET body = replace(body, '"e-3"', '"e-9"') WHERE seq = 3`,
      [
        /^Session s-1, record 3: its body has another id/,
        /record 3: it or the record before it is not what was written/,
      ],
    ],
    [
      "a body in which one character was changed",
      "UPDATE events SET body = replace(body, 'hello', 'hallo') WHERE seq = 3",
      [/record 3: it or the record before it is not what was written/],
    ],
    [
      "a checksum that was taken away",
      "UPDATE events SET sum = NULL WHERE seq = 2",
      [/record 3: it or the record before it is not what was written/],
    ],
    [
      "an event that was taken out",
      "DELETE FROM events WHERE seq = 2",
      [
        /record 3: its parent "e-2" is no earlier persisted event/,
        /record 3: it or the record before it is not what was written/,
        /has 4 events, its tail says 5/,
      ],
    ],
    [
      "an event that was cut off the end",
      "DELETE FROM events WHERE seq = 5",
      [/has 4 events, its tail says 5/, /ends with record 4, its tail says 5/],
    ],
    [
      "events behind the tail",
      "UPDATE tails SET persisted_seq = 4, event_count = 4, last_event_id = 'e-4'",
      [
        /^Session s-1, record 4: its tail has another checksum than it\.$/,
        /^Session s-1 has 1 events behind its tail\.$/,
        /^Session s-1: it was written up to record 5, and the store ends with 4\.$/,
      ],
    ],
    ["a reservation that was set back", "UPDATE tails SET reserved_seq = 2", [/beyond its reserved sequence numbers/]],
    ["a session without a tail", "DELETE FROM tails", [/^Session s-1 has no tail\.$/]],
    [
      "events of no session",
      "PRAGMA foreign_keys = OFF; INSERT INTO events VALUES (77, 1, 'e', 't', '{}', NULL)",
      [/table events has a row of a session that does not exist/],
    ],
  ];

  it.each(damages)("finds %s", async (_name, sql, expected) => {
    const directory = await makeStore();
    await damage(directory, sql);
    const findings = await verify(directory);
    expect(findings).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as string));
  });

  it("accepts a parent that is not the event right before it", async () => {
    const directory = makeTempDirectory();
    const engine = await openLocalEngine({ directory });
    await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
    const events = new SessionEvents();
    await engine.log.append("s-1", [...events.many(2), { ...events.persisted(), parentId: "e-1" }]);
    expect(await engine.verify()).toEqual([]);
    await engine.close();
  });

  it("finds damaged pages instead of failing, and a replay of them is refused", async () => {
    const directory = makeTempDirectory();
    const engine = await openLocalEngine({ directory });
    await engine.directory.create({ id: "s-1", isCloud: true, attributes: {} });
    await engine.log.append("s-1", new SessionEvents().many(500));
    await engine.close();
    const path = join(directory, "narthex.db");
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 12 * 4096);
    writeFileSync(path, bytes);
    const damaged = await openLocalEngine({ directory });
    expect((await damaged.verify())[0]).toMatch(/damaged|cannot be read/);
    await expect(damaged.log.read("s-1")).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    await damaged.close();
  });
});
