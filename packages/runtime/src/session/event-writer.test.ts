import type { EventLog, LogRecord } from "@narthex/engine";
import { NarthexError, type RawSessionEvent } from "@narthex/protocol";
import { expect, it } from "vitest";
import { EventWriter } from "./event-writer.ts";

/** A log that refuses some of its appends, by their number. */
function make(...refused: number[]) {
  const written: RawSessionEvent[] = [];
  let appends = 0;
  const append = async (_id: string, events: readonly RawSessionEvent[]): Promise<LogRecord[]> => {
    appends += 1;
    const isRefused = refused.includes(appends);
    await Promise.resolve();
    if (isRefused) throw new NarthexError("STORE_UNAVAILABLE", "The disk is full.");
    written.push(...events);
    return [];
  };
  const log = { append } as unknown as EventLog;
  const problems: string[] = [];
  const options = { sessionId: "s", log, parentId: null, onWritten: () => undefined };
  const writer = new EventWriter({ ...options, onProblem: (error) => problems.push(error.code) });
  const write = (message: string) => writer.write("session.info", { infoType: "t", message });
  return { writer, write, written, problems };
}

it("names the last persisted event as parent, ephemeral ones never", async () => {
  const { writer, write, written } = make();
  const first = write("a");
  writer.emit("session.idle", {});
  await Promise.all([first, write("b")]);
  const [a, idle, b] = written;
  expect([a?.parentId, idle?.parentId, b?.parentId]).toEqual([null, a?.id, a?.id]);
});

it("names no event that could not be written, also when several could not (rt-1)", async () => {
  const { write, written } = make(2, 3);
  await write("a");
  await Promise.allSettled([write("refused"), write("refused too")]);
  await write("b");
  await write("c");
  const [a, b, c] = written;
  expect([a?.parentId, b?.parentId, c?.parentId]).toEqual([null, a?.id, b?.id]);
});

it("writes nothing while it is paused: what is awaited rejects with the reason, what is not is dropped", async () => {
  const { writer, write, written, problems } = make();
  const reason = new NarthexError("SERVER_SHUTTING_DOWN", "It ends.");
  writer.pause(reason);
  await expect(write("a")).rejects.toBe(reason);
  writer.emit("session.idle", {});
  writer.resume();
  await write("b");
  expect(written.map(({ data }) => (data as { message: string }).message)).toEqual(["b"]);
  expect(problems).toEqual([]);
});
