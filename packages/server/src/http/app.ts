// What the runtime answers over HTTP: its health, and a session for whoever holds its remoteUrl.
import { NARTHEX_VERSION, PROTOCOL_VERSION, isSessionId } from "@narthex/protocol";
import type { Runtime } from "@narthex/runtime";
import { Hono } from "hono";
import { isAccessKey } from "./access-key.ts";
import { isLoopbackName } from "./loopback.ts";

export interface HttpOptions {
  readonly runtime: Runtime;
  /** Secret of the installation, from which the keys of sessions follow. */
  readonly secret: string;
}

/** Most events that the JSON of a session shows; the newest count. */
const MAX_SHOWN_EVENTS = 1_000;

export function createHttpApp({ runtime, secret }: HttpOptions): Hono {
  const app = new Hono();
  // A page of another site must not reach this server under a name that happens to point here.
  app.use(async (context, next) => {
    if (!isLoopbackName(context.req.header("host"))) return context.json({ error: "unknown host" }, 421);
    context.header("cache-control", "no-store");
    context.header("x-content-type-options", "nosniff");
    return next();
  });
  app.get("/healthz", (context) =>
    context.json({ status: "ok", version: NARTHEX_VERSION, protocolVersion: PROTOCOL_VERSION }),
  );
  // What one may not see does not exist.
  app.get("/sessions/:id", async (context) => {
    const id = context.req.param("id");
    const mayLook = isSessionId(id) && isAccessKey(secret, id, context.req.query("key"));
    const session = mayLook ? await runtime.catalog.metadata(id) : undefined;
    if (session === undefined) return context.json({ error: "not found" }, 404);
    const events = await runtime.catalog.events(id);
    return context.json({
      session,
      ...runtime.whereabouts(id),
      eventCount: events.length,
      events: events.slice(-MAX_SHOWN_EVENTS),
    });
  });
  app.notFound((context) => context.json({ error: "not found" }, 404));
  return app;
}
