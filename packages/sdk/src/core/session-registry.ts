/**
 * The sessions of one connection, and the shell around the pending-routing machine: turns frames into messages for it,
 * does what it says, and keeps the one timer that parked requests need.
 */
import {
  NarthexError,
  RUNTIME_REQUEST_SCHEMAS,
  type RawSessionEvent,
  type RuntimeRequestMethod,
} from "@narthex/protocol";
import type { Logger } from "./logger.ts";
import { PendingRouting } from "./pending-routing.ts";
import type { GateTicket, PendingRoutingLimits, RoutingEffect, RoutingMessage } from "./routing-types.ts";
import { refusal } from "./refusals.ts";
import type { CopilotSession } from "./session.ts";
import { isUrgentRequest } from "./urgent-requests.ts";

type SessionParams = Record<string, unknown> & { sessionId: string };

interface HeldRequest {
  readonly method: RuntimeRequestMethod;
  readonly params: SessionParams;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: NarthexError) => void;
}

/** Most warnings of dropped events until nothing is in flight: a flood of ids must not become a flood of lines. */
const MAX_DROP_WARNINGS = 16;
/** Most waiting requests that an error message names. */
const MAX_DESCRIBED = 10;

/** Questions that a runtime asks twice: by an event for everybody, and by a request. */
const REQUEST_BESIDE_EVENT: Readonly<Record<string, RuntimeRequestMethod>> = {
  "user_input.requested": "userInput.request",
  "exit_plan_mode.requested": "exitPlanMode.request",
  "auto_mode_switch.requested": "autoModeSwitch.request",
};

type Message = RoutingMessage<CopilotSession, RawSessionEvent, HeldRequest>;
type Effect = RoutingEffect<CopilotSession, RawSessionEvent, HeldRequest>;

export class SessionRegistry {
  readonly #routing: PendingRouting<CopilotSession, RawSessionEvent, HeldRequest>;
  readonly #logger: Logger;
  readonly #now: () => number;
  /** How each create in flight makes its session, and the session once an early request needed it. */
  readonly #creates = new Map<
    GateTicket,
    { readonly make: (id: string) => CopilotSession; session?: CopilotSession }
  >();
  /** Questions that were dropped, until it is known whether the runtime's log still has them. */
  readonly #lostQuestions = new WeakMap<CopilotSession, readonly RawSessionEvent[]>();
  /** Warnings of dropped events since the gate was opened. */
  #dropWarnings = 0;
  #timer: { readonly at: number; readonly id: ReturnType<typeof setTimeout> } | undefined;

  constructor(limits: PendingRoutingLimits, logger: Logger, now: () => number = () => performance.now()) {
    this.#routing = new PendingRouting(limits);
    this.#logger = logger;
    this.#now = now;
  }

  get(id: string): CopilotSession | undefined {
    return this.#routing.live(id);
  }

  all(): CopilotSession[] {
    return this.#routing.sessions();
  }

  /** What is held for ids that are not known yet. */
  holding(): { ids: number; messages: number; bytes: number; tickets: number } {
    return this.#routing.holding();
  }

  /** What waits for a session that is not known yet, in words; empty when nothing does. */
  describeWaiting(): string {
    const now = this.#now();
    return this.#routing
      .parkedRequests()
      .slice(0, MAX_DESCRIBED)
      .map(({ id, request, since }) => `${request.method} for session ${id} since ${Math.round(now - since)} ms`)
      .join(", ");
  }

  /**
   * An id-less create is about to be written: from now on unknown ids are kept.
   * @param make makes the session of that create, for its response or for an early request that cannot wait
   */
  openGate(make: (id: string) => CopilotSession): GateTicket {
    const ticket: GateTicket = { isGateTicket: true };
    this.#creates.set(ticket, { make });
    this.#step({ kind: "open-gate", ticket });
    return ticket;
  }

  /**
   * The session of a create whose response names this id: the one that served early requests already, or a new one.
   * @throws {NarthexError} SESSION_CREATE_RESPONSE_INVALID when early requests were served under another id
   */
  sessionFor(ticket: GateTicket, id: string): CopilotSession {
    const adopted = this.#routing.adoptedId(ticket);
    if (adopted !== undefined && adopted !== id) {
      throw new NarthexError(
        "SESSION_CREATE_RESPONSE_INVALID",
        `The runtime asked for session ${adopted} while it was created, and then named it ${id}.`,
      );
    }
    return this.#made(ticket, id);
  }

  /** The id under which early requests of a create were served. */
  adoptedId(ticket: GateTicket): string | undefined {
    return this.#routing.adoptedId(ticket);
  }

  /** That create is over, however it went. Harmless when repeated. */
  endTicket(ticket: GateTicket): void {
    this.#creates.delete(ticket);
    this.#step({ kind: "end-ticket", ticket });
    if (!this.#routing.isGateOpen) this.#dropWarnings = 0;
  }

  /** The client is about to stop: refuses what is parked while the replies can still be written. */
  closeGate(): void {
    this.#step({ kind: "close-gate" });
  }

  /**
   * Makes the session routable and hands over what is parked for it, in arrival order, before returning.
   * @throws {NarthexError} SESSION_ID_CONFLICT when this client has a session with that id
   */
  register(session: CopilotSession): void {
    const id = session.sessionId;
    const effects = this.#routing.step({ kind: "register", id, session });
    if (effects.some((effect) => effect.kind === "conflict")) {
      throw new NarthexError("SESSION_ID_CONFLICT", `This client already has a session with the id ${id}.`);
    }
    const lost = effects.flatMap((effect) => (effect.kind === "registered" ? effect.lostQuestions : []));
    const kept = new Set(effects.flatMap((effect) => (effect.kind === "dispatch" ? [effect.request.method] : [])));
    // A question that came as a request too, and was kept as one, has its handler's answer: nobody may decline it first.
    const toDecline = lost.filter((event) => !kept.has(REQUEST_BESIDE_EVENT[event.type] as RuntimeRequestMethod));
    if (toDecline.length > 0) this.#lostQuestions.set(session, toDecline);
    this.#run(effects);
  }

  /** The repair of a session is over: questions that did not come back with it are declined. */
  declineLostQuestions(session: CopilotSession, log: readonly RawSessionEvent[]): void {
    const repaired = new Set(log.map((event) => event.id));
    for (const question of this.#lostQuestions.get(session) ?? []) {
      if (!repaired.has(question.id)) session.decline(question);
    }
    this.#lostQuestions.delete(session);
  }

  /** Forgets a session, or refuses what is parked for an id that will not become one. */
  release(id: string): void {
    this.#step({ kind: "release", id });
  }

  /** A `session.event` notification. */
  event(params: unknown): void {
    const { sessionId, event } = (params ?? {}) as { sessionId?: unknown; event?: RawSessionEvent };
    if (typeof sessionId !== "string" || typeof event?.type !== "string") {
      this.#logger.warn("A session event without sessionId or type was ignored.");
      return;
    }
    const session = this.#routing.live(sessionId);
    if (session !== undefined) session.receive(event);
    else this.#step({ kind: "event", id: sessionId, event, bytes: this.#sizeOf(event), now: this.#now() });
  }

  /** A request about a session; the promise settles with the reply. */
  request(method: RuntimeRequestMethod, rawParams: unknown): Promise<unknown> {
    const parsed = RUNTIME_REQUEST_SCHEMAS[method].safeParse(rawParams);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const where = issue === undefined || issue.path.length === 0 ? "params" : issue.path.join(".");
      return Promise.reject(
        new NarthexError("INVALID_PARAMS", `Request ${method} has invalid params: ${where}: ${issue?.message}`),
      );
    }
    const params = parsed.data as SessionParams;
    const session = this.#routing.live(params.sessionId);
    if (session !== undefined) return session.answer(method, params);
    return new Promise((resolve, reject) => {
      const request = { method, params, resolve, reject };
      const isUrgent = isUrgentRequest(method);
      const bytes = this.#sizeOf(params);
      this.#step({ kind: "request", id: params.sessionId, request, bytes, now: this.#now(), isUrgent });
    });
  }

  /** The connection is over: nothing more will come, and nobody waits for replies. */
  close(reason: NarthexError): void {
    clearTimeout(this.#timer?.id);
    this.#timer = undefined;
    for (const session of this.#routing.sessions()) {
      this.release(session.sessionId);
      session.finish(reason);
    }
  }

  /** The connection is over, and another is to follow: gives up the sessions that can be resumed on it. */
  surrender(reason: NarthexError): CopilotSession[] {
    const live = this.all().filter((session) => session.isLive);
    for (const session of live) this.release(session.sessionId);
    this.close(reason);
    return live;
  }

  #step(message: Message): void {
    this.#run(this.#routing.step(message));
  }

  #run(effects: readonly Effect[]): void {
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: Effect): void {
    switch (effect.kind) {
      case "registered":
        effect.session.traffic.begin(effect.early);
        if (effect.early.droppedEvents > 0) {
          this.#logger.warn(`${effect.early.droppedEvents} early events of a session were dropped.`, {
            sessionId: effect.id,
          });
        } else if (effect.early.mayBeIncomplete) {
          this.#logger.warn("Early events of a session may have been lost: too many unknown ids were addressed.", {
            sessionId: effect.id,
          });
        }
        break;
      case "deliver":
        effect.session.receive(effect.event);
        break;
      case "dispatch": {
        const { method, params, resolve, reject } = effect.request;
        effect.session.answer(method, params).then(resolve, reject);
        break;
      }
      case "serve-early":
        this.#serveEarly(effect.ticket, effect.id, effect.request);
        break;
      case "wake-at":
        this.#wakeAt(effect.at);
        break;
      case "refuse":
        effect.request.reject(refusal(effect.reason, effect.request.method, effect.id));
        break;
      case "dropped":
        if (effect.isFirst) this.#warnOfDrop(effect);
        break;
      case "conflict":
        break; // register() has told its caller.
    }
  }

  #warnOfDrop({ id, event, why }: Extract<Effect, { kind: "dropped" }>): void {
    this.#dropWarnings += 1;
    if (this.#dropWarnings > MAX_DROP_WARNINGS) return;
    const reason = why === "overflow" ? "too many are waiting" : "its session never came to be";
    const more = this.#dropWarnings === MAX_DROP_WARNINGS ? " More of these are not logged for now." : "";
    this.#logger.warn(`An early ${event.type} event was dropped: ${reason}.${more}`, { sessionId: id });
  }

  /** Parked messages are counted in the length of their JSON, which is what they cost on the wire. */
  #sizeOf(value: unknown): number {
    return !this.#routing.isGateOpen ? 0 : JSON.stringify(value).length;
  }

  #serveEarly(ticket: GateTicket, id: string, { method, params, resolve, reject }: HeldRequest): void {
    try {
      this.#made(ticket, id).answer(method, params).then(resolve, reject);
    } catch (error) {
      reject(NarthexError.from(error, "HANDLER_FAILED"));
    }
  }

  #made(ticket: GateTicket, id: string): CopilotSession {
    const create = this.#creates.get(ticket);
    if (create === undefined) throw new NarthexError("INTERNAL", "A create that has ended asked for its session.");
    create.session ??= create.make(id);
    return create.session;
  }

  #wakeAt(at: number): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    clearTimeout(this.#timer?.id);
    const wake = (): void => {
      this.#timer = undefined;
      this.#step({ kind: "expire", now: this.#now() });
    };
    this.#timer = { at, id: setTimeout(wake, Math.max(0, at - this.#now())) };
  }
}
