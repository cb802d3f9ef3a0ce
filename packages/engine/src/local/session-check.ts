import type { SqlDriver, SqlRow, SqlStatement } from "./driver.ts";
import { sumOf } from "./event-rows.ts";
import { firstDamaged } from "./row-sum.ts";

/** Rows that are checked before other work gets its turn. */
const CHUNK_ROWS = 2048;

/** Ids of earlier events that are kept at hand; a parent further back is looked up in the store. */
const MAX_KNOWN_IDS = 100_000;

interface Tail {
  readonly persistedSeq: number;
  readonly reservedSeq: number;
  readonly lastEventId: string | null;
  readonly eventCount: number;
  readonly lastSum: number | null;
  /** Events behind the tail; there are none in a sound store. */
  readonly beyond: number;
}

/** What is known of the session that is being checked. */
interface Progress {
  readonly n: number;
  readonly name: string;
  /** The tail at the beginning: what is appended meanwhile is not part of the check. */
  readonly tail: Tail;
  readonly knownIds: Set<string>;
  seq: number;
  count: number;
  lastId: string | null;
  lastSum: number | null;
}

/** Checks the log of one session after another, a chunk at a time. */
export class SessionCheck {
  readonly #add: (finding: string) => void;
  readonly #exists: SqlStatement;
  readonly #tail: SqlStatement;
  readonly #events: SqlStatement;
  readonly #lookUp: SqlStatement;
  #progress: Progress | undefined;

  constructor(driver: SqlDriver, add: (finding: string) => void) {
    this.#add = add;
    this.#exists = driver.prepare("SELECT 1 AS found FROM sessions WHERE n = ?");
    this.#tail = driver.prepare(
      `SELECT *, (SELECT count(*) FROM events e WHERE e.session = t.session AND e.seq > t.persisted_seq) AS beyond
       FROM tails t WHERE t.session = ?`,
    );
    this.#events = driver.prepare(
      "SELECT seq, id, type, body, sum FROM events WHERE session = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
    );
    this.#lookUp = driver.prepare("SELECT 1 AS found FROM events WHERE session = ? AND seq < ? AND id = ? LIMIT 1");
  }

  /** Begins with a session. One that another process removes in the middle of its check has no findings. */
  begin(n: number, id: string): void {
    const name = `Session ${id}`;
    const row = this.#tail.get(n);
    if (!row && this.#exists.get(n)) this.#add(`${name} has no tail.`);
    this.#progress = row && {
      n,
      name,
      tail: toTail(row),
      knownIds: new Set(),
      seq: 0,
      count: 0,
      lastId: null,
      lastSum: null,
    };
  }

  /** Checks the next chunk; false when the session is done. */
  step(): boolean {
    const progress = this.#progress;
    if (!progress) return false;
    const rows = this.#events.all(progress.n, progress.seq, progress.tail.persistedSeq, CHUNK_ROWS);
    for (const row of rows) this.#checkRow(progress, row);
    if (rows.length === CHUNK_ROWS) return true;
    if (this.#exists.get(progress.n)) this.#checkTail(progress);
    return false;
  }

  #checkRow(progress: Progress, row: SqlRow): void {
    const seq = Number(row["seq"]);
    const id = String(row["id"]);
    const where = `${progress.name}, record ${seq}`;
    if (seq <= progress.seq) this.#add(`${where}: stands behind record ${progress.seq}.`);
    const event = parseObject(String(row["body"]));
    if (!event) {
      this.#add(`${where}: is no JSON object.`);
    } else {
      if (event["id"] !== id) this.#add(`${where}: its body has another id than its row.`);
      if (event["type"] !== row["type"]) this.#add(`${where}: its body has another type than its row.`);
      this.#checkParent(progress, where, seq, event["parentId"]);
    }
    const sum = sumOf(row["sum"]);
    if (firstDamaged(progress.lastSum, [{ seq, body: String(row["body"]), sum }])) {
      this.#add(`${where}: it or the record before it is not what was written (checksum).`);
    }
    progress.lastSum = sum;
    progress.seq = seq;
    progress.count += 1;
    progress.lastId = id;
    remember(progress.knownIds, id);
  }

  #checkParent(progress: Progress, where: string, seq: number, parentId: unknown): void {
    if (parentId === null || parentId === undefined) return;
    if (typeof parentId === "string") {
      if (progress.knownIds.has(parentId)) return;
      const isFar = progress.knownIds.size === MAX_KNOWN_IDS;
      if (isFar && this.#lookUp.get(progress.n, seq, parentId)) return;
    }
    this.#add(`${where}: its parent ${JSON.stringify(parentId)} is no earlier persisted event.`);
  }

  #checkTail({ name, tail, seq, count, lastId, lastSum }: Progress): void {
    if (tail.eventCount !== count) this.#add(`${name} has ${count} events, its tail says ${tail.eventCount}.`);
    if (tail.persistedSeq !== seq || tail.lastEventId !== lastId) {
      this.#add(`${name} ends with record ${seq}, its tail says ${tail.persistedSeq}.`);
    } else if (tail.lastSum !== lastSum) {
      this.#add(`${name}, record ${seq}: its tail has another checksum than it.`);
    }
    if (tail.reservedSeq < tail.persistedSeq) this.#add(`${name} has records beyond its reserved sequence numbers.`);
    if (tail.beyond > 0) this.#add(`${name} has ${tail.beyond} events behind its tail.`);
  }
}

function toTail(row: SqlRow): Tail {
  const lastEventId = row["last_event_id"];
  return {
    persistedSeq: Number(row["persisted_seq"]),
    reservedSeq: Number(row["reserved_seq"]),
    lastEventId: typeof lastEventId === "string" ? lastEventId : null,
    eventCount: Number(row["event_count"]),
    lastSum: sumOf(row["last_sum"]),
    beyond: Number(row["beyond"]),
  };
}

function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  if (ids.size <= MAX_KNOWN_IDS) return;
  for (const oldest of ids) {
    ids.delete(oldest);
    return;
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
