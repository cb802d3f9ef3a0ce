// How fast the local engine appends and replays. `node bench/run.mjs engine-append` runs it alone (after npm run build).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { openLocalEngine } from "@narthex/engine";

const TEXT = "The quick brown fox jumps over the lazy dog. ".repeat(5);
const rows = [];

let made = 0;
function makeEvent(ephemeral) {
  made += 1;
  const event = {
    id: `00000000-0000-7000-8000-${String(made).padStart(12, "0")}`,
    timestamp: "2026-11-22T10:00:00.000Z",
    parentId: null,
    type: ephemeral ? "assistant.message_delta" : "assistant.message",
    data: { messageId: "m-1", content: TEXT },
  };
  return ephemeral ? { ...event, ephemeral } : event;
}

async function measure(name, count, work) {
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  rows.push({ what: name, events: count, ms: Math.round(ms * 10) / 10, "events/s": Math.round((count / ms) * 1000) });
}

async function withEngine(options, work) {
  const directory = mkdtempSync(join(tmpdir(), "narthex-bench-"));
  const engine = await openLocalEngine({ directory, ...options });
  try {
    await work(engine, directory);
  } finally {
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

const create = (engine, id) => engine.directory.create({ id, isCloud: true, attributes: {} });

async function appendOneByOne(engine, id, count, ephemeral) {
  for (let i = 0; i < count; i += 1) await engine.log.append(id, [makeEvent(ephemeral)]);
}

/** What reads logs from their start to their end. */
async function measureWholeLogs() {
  await withEngine({}, async (engine, directory) => {
    for (const count of [1000, 10_000, 100_000]) {
      const id = `replay-${count}`;
      await create(engine, id);
      for (let i = 0; i < count; i += 1000)
        await engine.log.append(
          id,
          Array.from({ length: 1000 }, () => makeEvent(false)),
        );
    }
    const fresh = await openLocalEngine({ directory });
    for (const count of [1000, 10_000, 100_000]) {
      await measure(`replay of ${count} events, freshly opened`, count, async () => {
        const records = await fresh.log.read(`replay-${count}`);
        if (records.length !== count) throw new Error(`read ${records.length} of ${count} records`);
      });
    }
    await measure("export and import of 100000 events", 100_000, () =>
      fresh.archives.import(fresh.archives.export("replay-100000"), { as: "copy" }),
    );
    await measure("verify, 211000 events", 211_000, async () => {
      const findings = await fresh.verify();
      if (findings.length > 0) throw new Error(findings.join("\n"));
    });
    await fresh.close();
  });
}

/** Measures and prints its table. */
export async function run() {
  for (const synchronous of ["full", "normal"]) {
    await withEngine({ synchronous }, async (engine) => {
      await create(engine, "s");
      await appendOneByOne(engine, "s", 500, false);
      await measure(`durable (${synchronous}), 1 session, 1 at a time`, 5000, () =>
        appendOneByOne(engine, "s", 5000, false),
      );
      const { epoch } = await engine.leases.claim("s", "bench", 3_600_000);
      await measure(`durable (${synchronous}), 1 session, 1 at a time, under a lease`, 5000, async () => {
        for (let i = 0; i < 5000; i += 1) await engine.log.append("s", [makeEvent(false)], { epoch });
      });
      const ids = Array.from({ length: 100 }, (_, i) => `s-${i}`);
      await Promise.all(ids.map((id) => create(engine, id)));
      await measure(`durable (${synchronous}), 100 sessions, 1 at a time each`, 30_000, () =>
        Promise.all(ids.map((id) => appendOneByOne(engine, id, 300, false))),
      );
      await measure(`durable (${synchronous}), 1 session, 100 in one append`, 30_000, async () => {
        for (let i = 0; i < 300; i += 1)
          await engine.log.append(
            "s",
            Array.from({ length: 100 }, () => makeEvent(false)),
          );
      });
    });
  }

  await withEngine({}, async (engine) => {
    await create(engine, "s");
    let seen = 0;
    engine.log.subscribe("s", () => (seen += 1));
    await measure("ephemeral, 1 session, 1 at a time, 1 subscriber", 50_000, () =>
      appendOneByOne(engine, "s", 50_000, true),
    );
    const ids = Array.from({ length: 100 }, (_, i) => `s-${i}`);
    await Promise.all(ids.map((id) => create(engine, id)));
    await measure("ephemeral, 100 sessions, 1 at a time each", 100_000, () =>
      Promise.all(ids.map((id) => appendOneByOne(engine, id, 1000, true))),
    );
    if (seen !== 50_000) throw new Error(`the subscriber saw ${seen} of 50000 records`);
  });

  await measureWholeLogs();

  console.log(`node ${process.version}, ${Buffer.byteLength(JSON.stringify(makeEvent(false)))} bytes an event`);
  console.table(rows);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run();
