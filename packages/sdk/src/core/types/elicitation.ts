// Forms that a session shows to a person.

/** One field of a form. */
export type ElicitationSchemaField =
  | {
      type: "string";
      title?: string;
      description?: string;
      enum: string[];
      enumNames?: string[];
      default?: string;
    }
  | {
      type: "string";
      title?: string;
      description?: string;
      oneOf: {
        const: string;
        title: string;
      }[];
      default?: string;
    }
  | {
      type: "array";
      title?: string;
      description?: string;
      minItems?: number;
      maxItems?: number;
      items: {
        type: "string";
        enum: string[];
      };
      default?: string[];
    }
  | {
      type: "array";
      title?: string;
      description?: string;
      minItems?: number;
      maxItems?: number;
      items: {
        anyOf: {
          const: string;
          title: string;
        }[];
      };
      default?: string[];
    }
  | {
      type: "boolean";
      title?: string;
      description?: string;
      default?: boolean;
    }
  | {
      type: "string";
      title?: string;
      description?: string;
      minLength?: number;
      maxLength?: number;
      format?: "email" | "uri" | "date" | "date-time";
      default?: string;
    }
  | {
      type: "number" | "integer";
      title?: string;
      description?: string;
      minimum?: number;
      maximum?: number;
      default?: number;
    };

/** A form: its fields by name, and which of them must be filled in. */
export interface ElicitationSchema {
  type: "object";
  properties: Record<string, ElicitationSchemaField>;
  required?: string[];
}

/** What a person can put into a field. */
export type ElicitationFieldValue = string | number | boolean | string[];

/** How a person dealt with a form; `content` only when accepted. */
export interface ElicitationResult {
  action: "accept" | "decline" | "cancel";
  content?: Record<string, ElicitationFieldValue>;
}

/** A form to show, and what to say above it. */
export interface ElicitationParams {
  message: string;
  requestedSchema: ElicitationSchema;
}

/** A form that a session wants to be shown. */
export interface ElicitationContext {
  sessionId: string;
  message: string;
  requestedSchema?: ElicitationSchema;
  mode?: "form" | "url";
  elicitationSource?: string;
  url?: string;
}

/** Shows a form; a throw counts as cancelled. */
export type ElicitationHandler = (context: ElicitationContext) => Promise<ElicitationResult> | ElicitationResult;

/** How a single line of text is asked for. */
export interface UiInputOptions {
  title?: string;
  description?: string;
  minLength?: number;
  maxLength?: number;
  format?: "email" | "uri" | "date" | "date-time";
  default?: string;
}

/** Questions of the application to whoever watches the session. Needs `capabilities.ui.elicitation`. */
export interface SessionUiApi {
  elicitation(params: ElicitationParams): Promise<ElicitationResult>;
  confirm(message: string): Promise<boolean>;
  select(message: string, options: string[]): Promise<string | null>;
  input(message: string, options?: UiInputOptions): Promise<string | null>;
}

/** What the runtime and the attached clients can do for a session. */
export interface SessionCapabilities {
  ui?: {
    elicitation?: boolean;
    mcpApps?: boolean;
    canvases?: boolean;
  };
}
