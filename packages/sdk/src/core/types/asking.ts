// What a session asks an application, and the handlers that answer.

/** A question of the agent. `allowFreeform: false` wants one of the choices. */
export interface UserInputRequest {
  question: string;
  choices?: string[];
  allowFreeform?: boolean;
}

/** The answer; `wasFreeform` when it is none of the choices. */
export interface UserInputResponse {
  answer: string;
  wasFreeform: boolean;
}

/** Answers a question of the agent; a throw tells the agent that nobody could answer. */
export type UserInputHandler = (
  request: UserInputRequest,
  invocation: {
    sessionId: string;
  },
) => Promise<UserInputResponse> | UserInputResponse;

/** The agent has a plan and asks to leave plan mode. */
export interface ExitPlanModeRequest {
  summary: string;
  planContent?: string;
  actions: string[];
  recommendedAction: string;
}

/** Whether the plan is approved, and how to go on. */
export interface ExitPlanModeResult {
  approved: boolean;
  selectedAction?: string;
  feedback?: string;
}

/** Decides on a plan. Without a handler plans are approved. */
export type ExitPlanModeHandler = (
  request: ExitPlanModeRequest,
  invocation: {
    sessionId: string;
  },
) => Promise<ExitPlanModeResult> | ExitPlanModeResult;

/** The model is rate limited, and another could take over. */
export interface AutoModeSwitchRequest {
  errorCode?: string;
  retryAfterSeconds?: number;
}

/** Switch now, always, or not. */
export type AutoModeSwitchResponse = "yes" | "yes_always" | "no";

/** Decides on a switch. Without a handler there is none. */
export type AutoModeSwitchHandler = (
  request: AutoModeSwitchRequest,
  invocation: {
    sessionId: string;
  },
) => Promise<AutoModeSwitchResponse> | AutoModeSwitchResponse;
