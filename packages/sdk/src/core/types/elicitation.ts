// Forms that a session shows to a person.

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

export interface ElicitationSchema {
  type: "object";
  properties: Record<string, ElicitationSchemaField>;
  required?: string[];
}

export type ElicitationFieldValue = string | number | boolean | string[];

export interface ElicitationResult {
  action: "accept" | "decline" | "cancel";
  content?: Record<string, ElicitationFieldValue>;
}

export interface ElicitationParams {
  message: string;
  requestedSchema: ElicitationSchema;
}

export interface ElicitationContext {
  sessionId: string;
  message: string;
  requestedSchema?: ElicitationSchema;
  mode?: "form" | "url";
  elicitationSource?: string;
  url?: string;
}

export type ElicitationHandler = (context: ElicitationContext) => Promise<ElicitationResult> | ElicitationResult;

export interface UiInputOptions {
  title?: string;
  description?: string;
  minLength?: number;
  maxLength?: number;
  format?: "email" | "uri" | "date" | "date-time";
  default?: string;
}

export interface SessionUiApi {
  elicitation(params: ElicitationParams): Promise<ElicitationResult>;
  confirm(message: string): Promise<boolean>;
  select(message: string, options: string[]): Promise<string | null>;
  input(message: string, options?: UiInputOptions): Promise<string | null>;
}

export interface SessionCapabilities {
  ui?: {
    elicitation?: boolean;
    mcpApps?: boolean;
    canvases?: boolean;
  };
}
