// What a client process is told to do, and the lines in which it says what happens.
import type { JournalEntry, Send } from "./record.ts";
import type { SessionPlan } from "./work.ts";

export interface ClientOrder {
  readonly port: number;
  readonly seed: number;
  readonly plan: SessionPlan;
  /** The session that an earlier client has left; undefined for a new one. */
  readonly sessionId?: string;
  /** What earlier clients have sent. */
  readonly known: readonly Send[];
}

export type ClientLine =
  | { readonly say: "session"; readonly sessionId: string; readonly isWhole: boolean }
  | { readonly say: "sent"; readonly send: Send }
  | { readonly say: "seen"; readonly entry: JournalEntry }
  | { readonly say: "doing"; readonly what: string }
  /** All work is done. */
  | { readonly say: "done" }
  | { readonly say: "failed"; readonly text: string };
