import { ClientCore } from "./core/client.ts";
import type { CopilotClientOptions } from "./core/types/client-options.ts";
import { nodeConnector } from "./node/connect-runtime.ts";

/**
 * A client of a runtime that hosts agent sessions.
 *
 * @example
 * await using client = new CopilotClient({ connection: RuntimeConnection.forTcp() });
 * const session = await client.createCloudSession({ cloud: { repository: { owner: "octo", name: "demo" } } });
 * console.log((await session.sendAndWait("survey this repository"))?.data.content);
 */
export class CopilotClient extends ClientCore {
  /** @throws {NarthexError} CLIENT_OPTIONS_INVALID */
  constructor(options: CopilotClientOptions = {}) {
    super(options, nodeConnector(options));
  }
}
