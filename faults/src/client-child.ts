// A client in a process of its own, to be killed. Every line is written before the next thing happens, so that whoever
// reads them knows what this client knew.
import { writeSync } from "node:fs";
import process from "node:process";
import { CopilotClient, RuntimeConnection } from "@narthex/sdk";
import { Actor } from "./actor.ts";
import type { ClientLine, ClientOrder } from "./client-order.ts";
import { Gate } from "./gate.ts";
import { JournalWriter } from "./journal-writer.ts";
import { Random } from "./random.ts";

const order = JSON.parse(process.argv[2] ?? "") as ClientOrder;
const say = (line: ClientLine): void => void writeSync(1, `${JSON.stringify(line)}\n`);
const journal = new JournalWriter("a client process", true, (entry) => say({ say: "seen", entry }));
const client = new CopilotClient({ connection: RuntimeConnection.forUri(`127.0.0.1:${order.port}`) });
const actor = new Actor(order.plan, {
  client,
  journal,
  random: new Random(order.seed),
  gate: new Gate(),
  tell: (what) => say({ say: "doing", what }),
  onSend: (send) => say({ say: "sent", send }),
});
try {
  const session = order.sessionId === undefined ? await actor.create() : await actor.resume(order.sessionId);
  say({ say: "session", sessionId: session.sessionId, isWhole: journal.isWhole });
  await actor.work(order.known);
  say({ say: "done" });
} catch (error) {
  say({ say: "failed", text: String(error) });
}
await client.forceStop();
