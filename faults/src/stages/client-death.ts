// The client's process is killed; the next one resumes the session, answers what is open, and sends again what was not
// answered, with the same keys.
import { ClientProcess } from "../client-process.ts";
import { JournalWriter, seenOf, type AnyEvent } from "../journal-writer.ts";
import type { Random } from "../random.ts";
import type { Journal, Send } from "../record.ts";
import { Signals } from "../signals.ts";
import { runStage, type StageContext, type StageResult } from "../stage.ts";
import { WireClient } from "../wire-client.ts";
import { planSession } from "../work.ts";

const CHAINS = 3;
const MOST_DEATHS = 3;

export function clientDeath(random: Random, deaths: number): Promise<StageResult> {
  return runStage("kill -9 of the client", random, (context) => strike(context, deaths));
}

async function strike(context: StageContext, deaths: number): Promise<{ strikes: number }> {
  let strikes = 0;
  const chain = async (random: Random, name: string): Promise<void> => {
    for (let index = 0; strikes < deaths && !context.crew.hasFailed; index += 1) {
      strikes += await succession(context, random, `${name}-${index}`);
    }
  };
  await Promise.all(Array.from({ length: CHAINS }, (_, index) => chain(context.random.fork(), `heirs-${index}`)));
  return { strikes };
}

/** Clients of one session, one after the other; returns how many of them were killed. */
async function succession({ world, crew }: StageContext, random: Random, name: string): Promise<number> {
  const plan = planSession(name, random);
  const deaths = random.int(1, MOST_DEATHS);
  const journals: Journal[] = [];
  let known: readonly Send[] = [];
  let sessionId: string | undefined;
  for (let life = 0; ; life += 1) {
    const signals = new Signals();
    const journal = new JournalWriter(`client ${life + 1}`, life === 0, (entry) =>
      signals.tell(entry.kind === "event" ? entry.event.type : entry.kind),
    );
    const order = { port: world.cable.port, seed: random.int(0, 2 ** 31), plan, known };
    const client = new ClientProcess(sessionId === undefined ? order : { ...order, sessionId }, journal, signals);
    if (life === deaths) await client.finish();
    else {
      const when = await signals.instant(random);
      await client.kill();
      world.note(`kill of client ${life + 1} of ${name}, at ${when}`);
    }
    known = [...client.sends.values()];
    if (client.sessionId !== undefined) journals.push(journal);
    sessionId = client.sessionId;
    if (client.isDone) break;
  }
  if (sessionId === undefined) return deaths;
  const reader = await WireClient.connect(world.cable.port, new JournalWriter("nobody", false, () => undefined));
  const { events } = (await reader.call("session.getMessages", { sessionId })) as { events: AnyEvent[] };
  reader.close();
  crew.judge({ sessionId, sends: known, journals, log: events.map(seenOf), answers: [] });
  return journals.length - 1;
}
