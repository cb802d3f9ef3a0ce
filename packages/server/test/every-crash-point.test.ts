// One run of work with everything in it, cut off after each of its commits in turn, and taken up by another runtime.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { within } from "@narthex/testkit";
import { expect, it, onTestFinished } from "vitest";
import { scripted, startStand, type RawClient, type WireEvent } from "./fixture.ts";
import { mortal } from "./mortal-engine.ts";

interface Message {
  role: string;
  content?: unknown;
}

/** A model that goes by what it is told: tools first, then a question, then an answer. No two of its calls are alike. */
async function startThinkingModel(file: string): Promise<string> {
  let calls = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      calls += 1;
      const { messages } = JSON.parse(Buffer.concat(chunks).toString()) as { messages: Message[] };
      const results = messages.slice(messages.findLastIndex(({ role }) => role === "user") + 1);
      const told = results.filter(({ role }) => role === "tool").length;
      const wanted: [string, object][] =
        told === 0
          ? [
              ["bash", { command: `echo ran-${calls} >> ${file}` }],
              ["mine", {}],
            ]
          : told === 2
            ? [["ask_user", { question: "tea?" }]]
            : [];
      const tool_calls = wanted.map(([name, args], index) => ({
        index,
        id: `call-${calls}-${index}`,
        type: "function",
        function: { name, arguments: JSON.stringify(args) },
      }));
      const delta = wanted.length === 0 ? { content: "done" } : { tool_calls };
      const chunk = { id: "c", object: "chat.completion.chunk", created: 0, model: "m" };
      const finish_reason = wanted.length === 0 ? "stop" : "tool_calls";
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`);
      response.write(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason }] })}\n\n`);
      response.end("data: [DONE]\n\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const PARAMS = {
  sessionId: "s",
  requestPermission: true,
  requestUserInput: true,
  tools: [{ name: "mine", description: "ours", skipPermission: true }],
};

/** Answers whatever is asked, as soon as it is read. */
function answering(client: RawClient): RawClient {
  client.answer = (method) => (method === "userInput.request" ? { answer: "tea", wasFreeform: true } : null);
  const answer = (method: string, params: object): void =>
    void client.call(method, { sessionId: "s", ...params }).catch(() => undefined);
  client.onEvent = ({ type, data }) => {
    const { requestId } = data ?? {};
    if (type === "permission.requested") {
      answer("session.permissions.handlePendingPermissionRequest", { requestId, result: { kind: "approve-once" } });
    }
    if (type === "external_tool.requested") {
      answer("session.tools.handlePendingToolCall", { requestId, result: "fine" });
    }
  };
  return client;
}

const idlesOf = (client: RawClient): number => client.all.filter(({ event }) => event.type === "session.idle").length;

/** What must be so at the end, wherever the first runtime was cut off. */
function checkLog(log: WireEvent[], file: string): void {
  const data = (type: string) => log.filter((event) => event.type === type).map((event) => event.data);
  expect(data("user.message").map(({ content }) => content)).toEqual(["first", "second"]);
  const asked = data("assistant.message").flatMap(({ toolRequests }) => toolRequests ?? []);
  const wanted = asked.map(({ toolCallId }: { toolCallId: string }) => toolCallId).toSorted();
  for (const type of ["tool.execution_start", "tool.execution_complete"]) {
    expect(
      data(type)
        .map(({ toolCallId }) => toolCallId)
        .toSorted(),
      type,
    ).toEqual(wanted);
  }
  for (const [request, completed] of [
    ["permission.requested", "permission.completed"],
    ["user_input.requested", "user_input.completed"],
  ] as const) {
    const ids = data(request).map(({ requestId }) => requestId);
    expect(new Set(ids).size, request).toBe(ids.length);
    expect(
      data(completed).map(({ requestId }) => requestId),
      completed,
    ).toEqual(ids);
  }
  const turns = (type: string) => data(type).map(({ turnId }) => turnId);
  expect(turns("assistant.turn_start")).toEqual(turns("assistant.turn_end"));
  expect(data("session.error")).toEqual([]);
  const ran = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  expect(new Set(ran).size, "a command ran twice").toBe(ran.length);
  log.reduce((parent: string | null, event) => (expect(event.parentId).toBe(parent), event.id), null);
}

it("goes on to the same end from each of its commits", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "narthex-crash-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let isOver = false;
  for (let lifetime = 4; !isOver; lifetime += 1) {
    const file = path.join(folder, `ran-${lifetime}`);
    const home = path.join(folder, `home-${lifetime}`);
    const model = scripted(await startThinkingModel(file));
    const life = mortal(lifetime);
    const first = await startStand({ model, home, wrap: life.wrap });
    const a = answering(await first.connect());
    let answered = 0;
    const work = async (): Promise<"done"> => {
      await a.call("session.create", PARAMS);
      for (const prompt of ["first", "second"]) {
        await a.call("session.send", { sessionId: "s", prompt });
        answered += 1;
      }
      await a.event("session.idle");
      return "done";
    };
    const working = work().catch(() => "cut off");
    await Promise.race([working, life.dead]);
    // An idle that was told is on its way: the mailbox was emptied in the same commit.
    const isTold = answered === 2 && (await first.engine.mailbox.take("s")).length === 0;
    if (isTold) await within("the idle", working);
    isOver = isTold;
    const told = idlesOf(a);
    await first.crash();
    if (answered < 2) continue;

    const second = await startStand({ model, home });
    const b = answering(await second.connect());
    await b.call("session.resume", PARAMS);
    if (told === 0) await b.event("session.idle");
    const { events } = await b.call("session.getMessages", { sessionId: "s" });
    checkLog(events, file);
    expect(idlesOf(b) + told, `idles after ${lifetime} commits`).toBe(1);
    expect(await second.engine.mailbox.take("s")).toEqual([]);
    expect(await second.engine.verify()).toEqual([]);
  }
}, 120_000);
