// A runtime that answers at once, and sends as many events as a prompt asks for. Prints its address.
import process from "node:process";
import { startScriptedRuntime } from "@narthex/testkit";

const TEXT = "x".repeat(150);
const runtime = await startScriptedRuntime({
  answers: {
    "session.create": ({ sessionId }) => ({ sessionId }),
    "session.detach": () => ({ success: true }),
    "session.send": ({ sessionId, prompt }) => {
      void burst(sessionId, Number(prompt));
      return { messageId: "m" };
    },
  },
});

async function burst(sessionId, count) {
  for (let sent = 0; sent < count; sent += 1) {
    runtime.event(sessionId, "assistant.message_delta", { messageId: "m", deltaContent: TEXT }, { ephemeral: true });
    if (sent % 500 === 499) await runtime.peer.drained();
  }
  runtime.event(sessionId, "session.idle", {}, { ephemeral: true });
}

process.stdout.write(`${runtime.uri}\n`);
process.stdin.once("end", () => process.exit(0)).resume();
