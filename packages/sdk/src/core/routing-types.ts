// The vocabulary of pending routing: messages in, effects out, and the bounds between.

/** Bounds of what is kept for ids that are not known yet. */
export interface PendingRoutingLimits {
  /** Requests kept per id; one more refuses the oldest (default 128). */
  maxParkedRequestsPerSession: number;
  /** Events kept per id; one more drops the least useful, oldest first (default 128). */
  maxParkedEventsPerSession: number;
  /**
   * Distinct unknown ids; one more forgets the least recently addressed (default 1,024, but never less than there are
   * creates in flight).
   */
  maxUnknownSessions: number;
  /** Bytes kept in all (default 64 MiB); past it the oldest messages of the stalest id go. */
  maxParkedBytes: number;
  /** Milliseconds a request is kept (default 30,000). */
  parkTimeoutMs: number;
  /**
   * Milliseconds a request is kept that the runtime needs answered before it can answer its create, while several creates
   * are in flight and nobody knows which of them it belongs to (default 5,000).
   */
  ambiguousTimeoutMs: number;
  /** Questions among the dropped events that are remembered per id, to be declined (default 1,024). */
  maxLostQuestionsPerSession: number;
  /** Released ids that are remembered, so that requests for them are refused at once (default 1,024). */
  maxReleasedSessions: number;
}

export const DEFAULT_PENDING_ROUTING_LIMITS: PendingRoutingLimits = {
  maxParkedRequestsPerSession: 128,
  maxParkedEventsPerSession: 128,
  maxUnknownSessions: 1_024,
  maxParkedBytes: 64 * 1024 * 1024,
  parkTimeoutMs: 30_000,
  ambiguousTimeoutMs: 5_000,
  maxLostQuestionsPerSession: 1_024,
  maxReleasedSessions: 1_024,
};

/** What the machine needs to know of an event. */
export interface RoutedEvent {
  readonly id: string;
  readonly type: string;
  readonly ephemeral?: boolean;
}

/** Why a request is refused. */
export type RefusalReason = "unknown" | "released" | "overflow" | "routing-ended" | "expired" | "ambiguous";

/** What happened to the early traffic of a session. */
export interface EarlyTraffic {
  /** Events and requests that were kept and handed over. */
  readonly parkedEvents: number;
  readonly parkedRequests: number;
  /** Events that had to go, and requests that were refused. */
  readonly droppedEvents: number;
  readonly refusedRequests: number;
  /** Ids of the first and the last event that had to go. */
  readonly firstDroppedEventId?: string;
  readonly lastDroppedEventId?: string;
  /**
   * More may have been lost than could be counted: so many unknown ids were addressed that some had to be forgotten, and
   * this session's may have been among them.
   */
  readonly mayBeIncomplete: boolean;
}

/** A create whose response will name the id; keeps the gate open until it is ended. */
export interface GateTicket {
  readonly isGateTicket: true;
}

/** What happens to the machine. Times are milliseconds of one clock; `bytes` is what the message cost on the wire. */
export type RoutingMessage<S, E extends RoutedEvent, Q> =
  | { readonly kind: "open-gate"; readonly ticket: GateTicket }
  | { readonly kind: "end-ticket"; readonly ticket: GateTicket }
  | { readonly kind: "close-gate" }
  | { readonly kind: "event"; readonly id: string; readonly event: E; readonly bytes: number; readonly now: number }
  | {
      readonly kind: "request";
      readonly id: string;
      readonly request: Q;
      readonly bytes: number;
      readonly now: number;
      /** The runtime may need the answer before it can answer its create. */
      readonly isUrgent?: boolean;
    }
  | { readonly kind: "register"; readonly id: string; readonly session: S }
  | { readonly kind: "release"; readonly id: string }
  | { readonly kind: "expire"; readonly now: number };

/** A parked message that had to go. */
export type LossEffect<E, Q> =
  | { readonly kind: "refuse"; readonly id: string; readonly request: Q; readonly reason: RefusalReason }
  | {
      readonly kind: "dropped";
      readonly id: string;
      readonly event: E;
      /** The first event of this id that goes: the one worth a line in the log. */
      readonly isFirst: boolean;
      readonly why: "overflow" | "routing-ended";
    };

/** What is to be done about a message, in order. */
export type RoutingEffect<S, E extends RoutedEvent, Q> =
  | LossEffect<E, Q>
  | {
      readonly kind: "registered";
      readonly id: string;
      readonly session: S;
      readonly early: EarlyTraffic;
      /** Questions among the dropped events: nobody will answer them, so they have to be declined. */
      readonly lostQuestions: readonly E[];
    }
  /** An urgent request for an id that can only belong to this ticket's create: served before the session is known. */
  | { readonly kind: "serve-early"; readonly id: string; readonly ticket: GateTicket; readonly request: Q }
  /** A parked request has to be looked at again at this time. */
  | { readonly kind: "wake-at"; readonly at: number }
  | { readonly kind: "deliver"; readonly session: S; readonly event: E }
  | { readonly kind: "dispatch"; readonly session: S; readonly request: Q }
  | { readonly kind: "conflict"; readonly id: string; readonly session: S };
