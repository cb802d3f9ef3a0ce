// A client that is attached to everything and never reads: the runtime's memory stays bounded, others notice nothing.
import { connect, type Socket } from "node:net";
import { Actor } from "../actor.ts";
import type { Random } from "../random.ts";
import { SuiteError } from "../suite-error.ts";
import { runStage, type StageContext, type StageResult } from "../stage.ts";

const SESSIONS = 3;
const PROMPTS_EACH = 3;
/** Each answer has 10 times as many characters, and leads to some 800 times as many bytes of events: 100 MiB in all. */
const WORDS = 14_000;
/**
 * The queue of one connection (64 MiB), and what the collector of a busy machine may leave lying about. The sharper test
 * is that the connection is ended.
 */
const MOST_GROWTH_MIB = 384;
const SAMPLE_MS = 50;
const QUIET_MS = 500;

export function deaf(random: Random): Promise<StageResult> {
  // A small young generation is collected often, so that what is measured is what is held.
  const extras = { nodeArgs: ["--max-semi-space-size=4"] };
  return runStage("a client that never reads", random, strike, { extras });
}

async function strike(context: StageContext): Promise<{ strikes: number; notes: string[] }> {
  const { world, crew } = context;
  const without = await peakDuring(context, () => pour(context, "calm"));
  const ear = new DeafEar(world.cable.port);
  const peak = await peakDuring(context, () => pour(context, "deaf", (id) => ear.attach(id)));
  const growth = Math.round(peak - without);
  if (growth > MOST_GROWTH_MIB) crew.fail("(all)", new SuiteError(`the runtime grew by ${growth} MiB for it`));
  const found = Math.round((await ear.readAtLast()) / 2 ** 20);
  if (!ear.wasHungUp) crew.fail("(all)", new SuiteError("it was sent more than may be queued, and not hung up on"));
  const notes = [
    `the runtime's peak was ${Math.round(without)} MiB without and ${Math.round(peak)} MiB with it`,
    `when it read at last it found ${found} MiB, and ${ear.wasHungUp ? "then the end of its connection" : "no end"}`,
  ];
  return { strikes: 1, notes };
}

/** Sessions whose model streams as fast as it can, read by a client that does read. */
async function pour(
  { world, crew, random }: StageContext,
  name: string,
  onSession?: (id: string) => void,
): Promise<void> {
  const client = world.client();
  const tell = (): void => undefined;
  const one = async (index: number): Promise<void> => {
    const journal = crew.journal("the reader", true);
    const key = `${name}-${index}`;
    const prompts = Array.from({ length: PROMPTS_EACH }, (_, prompt) => ({
      key: `${key}-${prompt}`,
      prompt: `${key}-${prompt}: pour ${WORDS}`,
      isImmediate: false,
    }));
    const plan = { name: key, kind: "cloud" as const, batches: [prompts] };
    const actor = new Actor(plan, { client, journal, random, gate: world.gate, tell });
    const { sessionId } = await actor.create();
    onSession?.(sessionId);
    await actor.work();
    crew.judge({ sessionId, sends: actor.sends, journals: [journal], log: await actor.log(), answers: [] });
  };
  await Promise.all(Array.from({ length: SESSIONS }, (_, index) => one(index)));
  await client.forceStop();
}

async function peakDuring({ world }: StageContext, work: () => Promise<void>): Promise<number> {
  let peak = world.runtime.residentMiB();
  const timer = setInterval(() => {
    peak = Math.max(peak, world.runtime.residentMiB());
  }, SAMPLE_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak;
}

/** Says all that it takes to be sent everything, and reads nothing. */
class DeafEar {
  readonly #socket: Socket;
  #calls = 0;
  wasHungUp = false;

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1" }).pause();
    this.#socket.on("error", () => undefined);
    this.#call("connect", { features: ["early-session-traffic"] });
  }

  attach(sessionId: string): void {
    this.#call("session.resume", { sessionId, streaming: true });
  }

  /** What there is to read in the end: bytes until nothing more comes, or the runtime has hung up. */
  readAtLast(): Promise<number> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      let bytes = 0;
      const done = (isHungUp: boolean): void => {
        this.wasHungUp ||= isHungUp;
        socket.destroy();
        resolve(bytes);
      };
      socket.setTimeout(QUIET_MS, () => done(false));
      socket.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("close", () => done(true));
      socket.resume();
    });
  }

  #call(method: string, params: Record<string, unknown>): void {
    this.#calls += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id: this.#calls, method, params });
    this.#socket.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
}
