// What an application sends to a session.

/** Who a message is from. */
export type MessageSource = "user" | "system" | `agent-${string}`;

/** A message with everything that can go with it. `mode: "immediate"` joins the running turn, `enqueue` (default) waits for its own; `displayPrompt` is shown instead of the prompt. */
export interface MessageOptions {
  prompt: string;
  /**
   * Makes the message repeatable, 1 to 256 characters: the same key is the same message, and gets the first one's id.
   * Default: a new one for each call, where the runtime knows keys.
   */
  idempotencyKey?: string;
  source?: MessageSource;
  attachments?: Array<
    | {
        type: "file";
        path: string;
        displayName?: string;
      }
    | {
        type: "directory";
        path: string;
        displayName?: string;
      }
    | {
        type: "selection";
        filePath: string;
        displayName: string;
        selection?: {
          start: {
            line: number;
            character: number;
          };
          end: {
            line: number;
            character: number;
          };
        };
        text?: string;
      }
    | {
        type: "blob";
        data: string;
        mimeType: string;
        displayName?: string;
      }
  >;
  mode?: "enqueue" | "immediate";
  agentMode?: "interactive" | "plan" | "autopilot" | "shell";
  requestHeaders?: Record<string, string>;
  displayPrompt?: string;
}
