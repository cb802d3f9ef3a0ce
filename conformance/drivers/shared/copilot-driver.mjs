// The verbs of a driver for SDKs with the surface of `CopilotClient`: ours, and the official one in JavaScript. It imports no
// SDK itself; what differs comes in as `binding`.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Stream, Unsupported } from "./driver-loop.mjs";
import { makeHandlers } from "./handlers.mjs";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

/** An error as an application sees it. */
function observed(error) {
  const { message = String(error), code, rpcCode, data } = error ?? {};
  return {
    message,
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof rpcCode === "number" ? { rpcCode } : typeof code === "number" ? { rpcCode: code } : {}),
    ...(data === undefined ? {} : { data }),
  };
}

/**
 * The verbs, as methods; what the SDKs have different is in `binding`: {hello, makeClient, createCloud, waitLimits,
 * watchConnection}; see drivers/ts.
 */
export class CopilotDriver {
  #binding;
  #clients = new Map();
  #operations = new Map();

  constructor(binding) {
    this.#binding = binding;
  }

  async hello() {
    return this.#binding.hello;
  }

  async open({ client, transport, address, args, options }) {
    const streams = { log: new Stream(), lifecycle: new Stream(), connection: new Stream() };
    const note = (level) => (message, details) => streams.log.push({ level, message, ...(details && { details }) });
    const logger = { debug: () => undefined, info: () => undefined, warn: note("warn"), error: note("error") };
    const made = this.#binding.makeClient({ transport, address, args, options, logger });
    this.#clients.set(client, { client: made, streams });
    made.onLifecycle?.((event) => streams.lifecycle.push(event));
    this.#binding.watchConnection?.(made, (change) => streams.connection.push(change));
    try {
      await made.start();
      return {};
    } catch (error) {
      return { error: observed(error) };
    }
  }

  async start({ client, op, as, args }) {
    const run = OPERATIONS[op] ?? fail(`There is no operation ${op}`);
    const operation = { journal: new Stream(), late: new Stream(), abort: new AbortController() };
    if (args.cancelled === true) operation.abort.abort();
    this.#operations.set(as, operation);
    const open = this.#clients.get(client) ?? fail(`There is no client ${client}`);
    const session = args.session === undefined ? undefined : this.#operation(args.session).session;
    const letGo = () => void (this.#operation(args.session).session = undefined);
    const settled = (async () =>
      run({ client: open.client, binding: this.#binding, operation, args, session, letGo }))();
    operation.done = settled.then(
      (value) => ({ value: value ?? null }),
      (error) => ({ error: observed(error) }),
    );
  }

  async await({ as, withinMs }) {
    const { done } = this.#operation(as);
    if (withinMs <= 0) await new Promise((resolve) => setImmediate(resolve));
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(() => resolve({ pending: true }), withinMs)));
    const result = await Promise.race([done, late]);
    clearTimeout(timer);
    return result;
  }

  async cancel({ as }) {
    if (!this.#binding.hello.features.includes("abort-signal")) throw new Unsupported("abort-signal");
    this.#operation(as).abort.abort();
  }

  async events({ of, stream, count, withinMs }) {
    const streams = this.#clients.get(of)?.streams ?? this.#operation(of);
    return (streams[stream] ?? fail(`There is no stream ${stream}`)).take(count, withinMs);
  }

  async answer({ of, ...rest }) {
    this.#operation(of).handlers.answer(rest);
  }

  async state({ of }) {
    if (this.#clients.has(of)) {
      collectGarbage();
      return { heapBytes: process.memoryUsage().heapUsed };
    }
    const operation = this.#operation(of);
    if (operation.session === undefined) return { alive: await isAlive(operation.weak) };
    const { sessionId, remoteUrl, workspacePath, capabilities, startup } = operation.session;
    return { sessionId, remoteUrl, workspacePath, capabilities, startup, alive: true };
  }

  async close({ client, how }) {
    const open = this.#clients.get(client);
    this.#clients.delete(client);
    await (how === "force" ? open?.client.forceStop() : open?.client.stop());
    if (this.#clients.size === 0) this.#operations.clear();
  }

  #operation(name) {
    return this.#operations.get(name) ?? fail(`There is no operation ${name}`);
  }
}

function fail(message) {
  throw new Error(message);
}

/** The application's callback for trace context: one that throws, or one that never comes back. */
export function traceCallback(policy) {
  return () => {
    if (policy.never === true) return new Promise(() => undefined);
    throw new Error(policy.throw);
  };
}

/** Is an object still reachable? Asks the collector a few times, since it may take more than one turn. */
async function isAlive(weak) {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    if (weak?.deref() === undefined) return false;
  }
  return true;
}

/** What a create or a resume settles with: the session is kept, and a handler is attached in the very next step. */
function keep(operation, promise) {
  return promise.then((session) => {
    session.on((event) => operation.late.push({ event }));
    operation.session = session;
    operation.weak = new WeakRef(session);
    const { sessionId, remoteUrl } = session;
    return { sessionId, ...(remoteUrl === undefined ? {} : { remoteUrl }) };
  });
}

/** The config of a session, with handlers from policies and every event in the journal. */
function configOf({ args, operation }) {
  const { handlers = {}, unserialisable, onEvent, ...config } = args.config ?? {};
  operation.handlers = makeHandlers(handlers, operation.journal);
  const result = { ...config, ...operation.handlers.config };
  const seen = (event) => {
    operation.journal.push({ event });
    if (onEvent?.throwOn === event.type) throw new Error("the application's handler threw");
    if (onEvent?.rejectOn === event.type) return Promise.reject(new Error("the application's handler rejected"));
    return undefined;
  };
  result.onEvent = seen;
  if (unserialisable === true) {
    result.featureFlags = {};
    result.featureFlags.self = result.featureFlags;
  }
  return result;
}

const optionsOf = ({ args, operation }) => ({ ...args.options, signal: operation.abort.signal });

const OPERATIONS = {
  createCloudSession: (c) => keep(c.operation, c.binding.createCloud(c.client, configOf(c), optionsOf(c))),
  createSession: (c) => keep(c.operation, c.client.createSession(configOf(c), optionsOf(c))),
  resumeSession: (c) => keep(c.operation, c.client.resumeSession(c.args.sessionId, configOf(c), optionsOf(c))),
  send: async (c) => ({ messageId: await c.session.send(c.args.message) }),
  sendAndWait: async (c) => {
    const { message, timeoutMs, idleTimeoutMs } = c.args;
    const limits = c.binding.waitLimits({ timeoutMs, idleTimeoutMs, signal: c.operation.abort.signal });
    const answer = await c.session.sendAndWait(message, limits);
    return { content: answer?.data.content ?? null };
  },
  /** Reads the session's events into the journal; with `limit` it stops taking them there. */
  readEvents: async (c) => {
    const { limit = Number.POSITIVE_INFINITY, ...options } = c.args.options ?? {};
    let taken = 0;
    for await (const event of c.session.events({ ...options, signal: c.operation.abort.signal })) {
      c.operation.journal.push({ event });
      if (++taken >= limit) break;
    }
    return { taken };
  },
  abort: (c) => c.session.abort(),
  getEvents: async (c) => ({ events: await c.session.getEvents() }),
  disconnect: (c) => c.session.disconnect(),
  /** The driver lets go of a session: from now on only the SDK can keep it alive. */
  release: async (c) => c.letGo(),
  deleteSession: (c) => c.client.deleteSession(c.args.sessionId),
  ping: (c) => c.client.ping(),
  stop: async (c) => ({ errors: (await c.client.stop()).map(observed) }),
  forceStop: (c) => c.client.forceStop(),
};
