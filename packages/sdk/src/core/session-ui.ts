import { NarthexError } from "@narthex/protocol";
import type { ElicitationParams, ElicitationResult, SessionUiApi, UiInputOptions } from "./types/elicitation.ts";

/**
 * Questions that the application itself puts to whoever watches the session. Needs an attached client that can show
 * forms (`session.capabilities.ui?.elicitation`).
 */
export function createSessionUi(port: {
  canElicit(): boolean;
  call(method: string, params: Record<string, unknown>): Promise<unknown>;
}): SessionUiApi {
  const elicitation = async (params: ElicitationParams): Promise<ElicitationResult> => {
    if (!port.canElicit()) {
      throw new NarthexError(
        "ELICITATION_NOT_SUPPORTED",
        "No attached client can show forms: check session.capabilities.ui?.elicitation first.",
      );
    }
    return (await port.call("session.ui.elicitation", { ...params })) as ElicitationResult;
  };
  const askFor = async (message: string, field: ElicitationParams["requestedSchema"]["properties"][string]) => {
    const result = await elicitation({
      message,
      requestedSchema: { type: "object", properties: { value: field }, required: ["value"] },
    });
    return result.action === "accept" ? result.content?.value : undefined;
  };
  return {
    elicitation,
    confirm: async (message) => (await askFor(message, { type: "boolean", default: true })) === true,
    select: async (message, options) => textOrNull(await askFor(message, { type: "string", enum: options })),
    input: async (message, options: UiInputOptions = {}) =>
      textOrNull(await askFor(message, { type: "string", ...options })),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
