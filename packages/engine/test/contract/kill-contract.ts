import { describe, expect, it } from "vitest";

import { startScript } from "../child-process.ts";
import type { ContractBench } from "../engine-contract.ts";
import { SessionEvents } from "../session-events.ts";

/** What the process told before it was killed, by its first word. */
function toldBy(lines: readonly string[], word: string): string[][] {
  return lines.map((line) => line.split(" ")).flatMap(([first, ...rest]) => (first === word ? [rest] : []));
}

export function describeKill(bench: ContractBench): void {
  describe("store of a process that was killed", () => {
    it.each([3, 40, 150])("has all that was answered, after %i answers, and goes on", async (answers) => {
      const { module, place } = bench.child();
      const child = startScript("work-until-killed", module, place);
      await child.untilLines(answers);
      const lines = await child.kill();

      const later = new Date(Date.now() + 2 * 3_600_000);
      const engine = await bench.open({ now: () => later });
      const { log, mailbox, leases } = engine;
      const stored = new Map((await log.read("s")).map(({ seq, event }) => [event.id, seq]));
      for (const [seq, id = ""] of toldBy(lines, "appended")) expect(stored.get(id)).toBe(Number(seq));
      const acknowledged = new Set(toldBy(lines, "acknowledged").map(([position]) => position));
      const waiting = await mailbox.take("s");
      for (const [position, id] of toldBy(lines, "posted")) {
        const found = waiting.some((command) => command.commandId === id && String(command.position) === position);
        if (acknowledged.has(position)) expect(found).toBe(false);
        if (Number(position) % 2 === 1) expect(found).toBe(true); // these are never acknowledged
        const again = { commandId: id!, kind: "prompt", payload: { n: Number(id!.slice(2)) } };
        expect(await mailbox.post("s", again)).toMatchObject({ position: Number(position), isNew: false });
      }
      expect(await leases.expired()).toEqual(["s"]);
      expect(await leases.claim("s", "heir", 1000)).toEqual({ epoch: 2 });
      const { seq, lastPersistedId } = await log.tail("s");
      const next = new SessionEvents("heir", lastPersistedId).persisted();
      const late = log.append("s", [next], { epoch: 1 });
      await expect(late).rejects.toMatchObject({ code: "LEASE_LOST" });
      const [record] = await log.append("s", [next], { epoch: 2 });
      expect(record?.seq).toBeGreaterThan(seq);
      expect(await engine.verify()).toEqual([]);
    });
  });
}
