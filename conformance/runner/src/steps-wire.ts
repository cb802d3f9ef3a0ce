// Steps at the wire: what the kit sends, expects and cuts. They work in both roles.
import { KitError, Mismatch } from "./kit-error.ts";
import { matches, show } from "./matcher.ts";
import type { PeerFrame, SimpleStep } from "./scenario-schema.ts";
import type { Stage } from "./stage.ts";
import { valueAt } from "./values.ts";

type StepOf<K extends string> = Extract<SimpleStep, Record<K, unknown>>;

const TIMESTAMP = "2026-01-01T00:00:00.000Z";

export async function send(stage: Stage, step: StepOf<"send">): Promise<void> {
  const frames = Array.isArray(step.send) ? step.send : [step.send];
  const name = stage.fill(step.connection ?? "main");
  const messages = frames.map((frame) => {
    const filled = stage.fill(frame);
    if ("raw" in filled) return { raw: filled.raw.repeat(filled.times ?? 1) };
    const body = JSON.stringify(bodyOf(stage, name, filled));
    return "frame" in filled && filled.header !== undefined ? { raw: headed(filled.header, body) } : { body };
  });
  await stage.connection(name).write(messages, { glue: step.glue === true, cut: step.cut });
}

function headed(header: string, body: string): string {
  return header.replace("{bytes}", String(new TextEncoder().encode(body).length)) + body;
}

function bodyOf(stage: Stage, connection: string, frame: Exclude<PeerFrame, { raw: string }>): unknown {
  if ("frame" in frame) return frame.frame;
  if ("event" in frame) return eventBody(stage, frame);
  if ("notify" in frame) return { jsonrpc: "2.0", method: frame.notify, params: frame.params ?? {} };
  if ("request" in frame) {
    const id = stage.connection(connection).ask(frame.request, frame.as, frame.id);
    return { jsonrpc: "2.0", id, method: frame.request, params: frame.params ?? {} };
  }
  const call = stage.calls.get(frame.respond);
  if (call === undefined) throw new KitError(`No call ${frame.respond} was expected before.`);
  const outcome = "error" in frame ? { error: frame.error } : { result: frame.result };
  return { jsonrpc: "2.0", id: call.id, ...outcome };
}

function eventBody(stage: Stage, frame: Extract<PeerFrame, { event: string }>): unknown {
  const ephemeral = frame.ephemeral === true ? { ephemeral: true } : {};
  const data = frame.data === undefined ? {} : frame.data;
  const place = stage.nextEvent(frame.session, frame.id, frame.ephemeral === true);
  const event = {
    ...place,
    timestamp: TIMESTAMP,
    type: frame.event,
    data,
    ...ephemeral,
    ...frame.extra,
  };
  return { jsonrpc: "2.0", method: "session.event", params: { sessionId: frame.session, event } };
}

export async function expect(stage: Stage, step: StepOf<"expect">): Promise<void> {
  const name = stage.fill(step.connection ?? "main");
  const message = await stage.connection(name).take(stage.fill(step.expect), stage.withinMs(step.withinMs));
  stage.check(message, { save: step.save });
  if (step.as === undefined) return;
  if (message.id === undefined || message.id === null) throw new KitError(`${show(message)} is no call.`);
  stage.calls.set(stage.fill(step.as), { connection: name, id: message.id });
}

/** The connection whose request has this name. */
function asker(stage: Stage, request: string): string {
  const found = stage.connectionNames.find((name) => stage.connection(name).knows(request));
  if (found === undefined) throw new KitError(`No request ${request} was sent before.`);
  return found;
}

export async function reply(stage: Stage, step: StepOf<"reply">): Promise<void> {
  const name = stage.fill(step.reply);
  const message = await stage.connection(asker(stage, name)).reply(name, stage.withinMs(step.withinMs));
  stage.check(message, step);
}

export async function noReply(stage: Stage, step: StepOf<"noReply">): Promise<void> {
  const name = stage.fill(step.noReply);
  const connection = asker(stage, name);
  await fenceOf(stage, connection);
  if (stage.connection(connection).hasReply(name)) {
    const message = await stage.connection(connection).reply(name, 0);
    throw new Mismatch(`The request ${name} is answered already: ${show(message)}`);
  }
}

export async function absent(stage: Stage, step: StepOf<"absent">): Promise<void> {
  const name = stage.fill(step.connection ?? "main");
  await fenceOf(stage, name);
  const wanted = stage.fill(step.absent);
  const found = stage.connection(name).received.find((message) => matches(message, wanted));
  if (found !== undefined) throw new Mismatch(`This message should not have come: ${show(found)}`);
}

export async function count(stage: Stage, step: StepOf<"count">): Promise<void> {
  const name = stage.fill(step.connection ?? "main");
  await fenceOf(stage, name);
  const wanted = stage.fill(step.count);
  const found = stage.connection(name).received.filter((message) => matches(message, wanted));
  const expected = Number(stage.fill(step.is));
  if (found.length !== expected)
    throw new Mismatch(`${found.length} messages instead of ${expected} like ${show(wanted)}`);
}

export async function fence(stage: Stage, step: StepOf<"fence">): Promise<void> {
  await fenceOf(stage, stage.fill(step.fence));
}

/** A request that no SDK knows is refused once everything before it was read; a runtime answers a ping. */
export async function fenceOf(stage: Stage, name: string): Promise<void> {
  if (stage.connection(name).isClosed) return;
  const method = stage.subject.kind === "sdk" ? "conformance.fence" : "ping";
  await stage.connection(name).fence(method, stage.deadlineMs);
}

export async function hangUp(stage: Stage, step: StepOf<"hangUp">): Promise<void> {
  const connection = stage.connection(stage.fill(step.hangUp));
  connection.end(step.how === "reset" ? "reset" : "end");
  if (!(await connection.closed(stage.deadlineMs))) throw new KitError("The connection did not end.");
}

export async function closed(stage: Stage, step: StepOf<"closed">): Promise<void> {
  if (await stage.connection(stage.fill(step.closed)).closed(stage.deadlineMs)) return;
  throw new Mismatch("The connection is still open.");
}

/** One event each for ids that nobody has, in one piece. */
export async function ghosts(stage: Stage, step: StepOf<"ghosts">): Promise<void> {
  const prefix = stage.fill(step.prefix);
  const bodies = Array.from({ length: step.ghosts }, (_, index) => {
    const event = { id: `${prefix}-${index}`, timestamp: TIMESTAMP, parentId: null, type: "session.info", data: {} };
    const params = { sessionId: `${prefix}-${index}`, event };
    return { body: JSON.stringify({ jsonrpc: "2.0", method: "session.event", params }) };
  });
  await stage.connection().write(bodies, { glue: true, cut: undefined });
}

/** Laws over all events that a connection has seen. */
export async function ordered(stage: Stage, step: StepOf<"ordered">): Promise<void> {
  const seen = new Set<string>();
  const sessions = new Map<string, Set<string>>();
  for (const message of stage.connection(stage.fill(step.ordered)).received) {
    if (message.method !== "session.event") continue;
    const sessionId = String(valueAt(message, "params.sessionId"));
    const id = String(valueAt(message, "params.event.id"));
    const parent = valueAt(message, "params.event.parentId");
    const persisted = sessions.get(sessionId) ?? new Set<string>();
    sessions.set(sessionId, persisted);
    if (step.rule === "ids-unique" && seen.has(id)) throw new Mismatch(`The event ${id} came twice.`);
    if (step.rule === "parents" && typeof parent === "string" && !persisted.has(parent)) {
      throw new Mismatch(`The event ${show(valueAt(message, "params.event"))} names a parent that had not been sent.`);
    }
    seen.add(id);
    if (valueAt(message, "params.event.ephemeral") !== true) persisted.add(id);
  }
  if (seen.size === 0) throw new Mismatch("No event came at all.");
}
