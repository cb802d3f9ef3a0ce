// What a session asks an application, and the handlers that answer.

export interface UserInputRequest {
  question: string;
  choices?: string[];
  allowFreeform?: boolean;
}

export interface UserInputResponse {
  answer: string;
  wasFreeform: boolean;
}

export type UserInputHandler = (
  request: UserInputRequest,
  invocation: {
    sessionId: string;
  },
) => Promise<UserInputResponse> | UserInputResponse;

export interface ExitPlanModeRequest {
  summary: string;
  planContent?: string;
  actions: string[];
  recommendedAction: string;
}

export interface ExitPlanModeResult {
  approved: boolean;
  selectedAction?: string;
  feedback?: string;
}

export type ExitPlanModeHandler = (
  request: ExitPlanModeRequest,
  invocation: {
    sessionId: string;
  },
) => Promise<ExitPlanModeResult> | ExitPlanModeResult;

export interface AutoModeSwitchRequest {
  errorCode?: string;
  retryAfterSeconds?: number;
}

export type AutoModeSwitchResponse = "yes" | "yes_always" | "no";

export type AutoModeSwitchHandler = (
  request: AutoModeSwitchRequest,
  invocation: {
    sessionId: string;
  },
) => Promise<AutoModeSwitchResponse> | AutoModeSwitchResponse;
