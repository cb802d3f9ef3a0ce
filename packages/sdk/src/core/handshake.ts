// What a client and a runtime settle before anything else: token, protocol version, what the client can do.
import { CONNECT_RESULT, FEATURE_EARLY_SESSION_TRAFFIC, NarthexError, PROTOCOL_VERSION } from "@narthex/protocol";
import type { RpcPeer } from "@narthex/rpc";
import type { CopilotClientInfo, SessionFsConfig } from "./types/client-options.ts";

export interface HandshakeOptions {
  readonly token: string | undefined;
  readonly clientInfo: CopilotClientInfo | undefined;
  readonly sessionFs: SessionFsConfig | undefined;
  readonly timeoutMs: number;
}

/**
 * Runs the handshake; returns what the runtime says it does beyond the protocol. A runtime without `connect` is asked by
 * `ping`.
 * @throws {NarthexError} PROTOCOL_VERSION_MISMATCH, AUTHENTICATION_FAILED, AUTHENTICATION_REQUIRED,
 *   AUTHENTICATION_NOT_CONFIGURED, REQUEST_TIMEOUT, CONNECTION_CLOSED
 */
export async function shakeHands(peer: RpcPeer, options: HandshakeOptions): Promise<ReadonlySet<string>> {
  const { version, features } = await greet(peer, options);
  if (version !== PROTOCOL_VERSION) {
    const theirs = version === undefined ? "none" : String(version);
    throw new NarthexError(
      "PROTOCOL_VERSION_MISMATCH",
      `SDK protocol version mismatch: this client speaks version ${PROTOCOL_VERSION}, the runtime reports ${theirs}. Use a runtime and an SDK of the same protocol version.`,
    );
  }
  if (options.sessionFs !== undefined) {
    await peer.request("sessionFs.setProvider", { ...options.sessionFs }, { timeoutMs: options.timeoutMs });
  }
  return new Set(features);
}

interface Greeting {
  readonly version: number | undefined;
  readonly features: readonly string[];
}

async function greet(peer: RpcPeer, options: HandshakeOptions): Promise<Greeting> {
  const { timeoutMs, token, clientInfo } = options;
  const params = {
    ...(token === undefined ? {} : { token }),
    ...(clientInfo === undefined ? {} : { clientInfo: wireClientInfo(clientInfo) }),
  };
  const result = await connect(peer, params, timeoutMs).catch((error: unknown) => {
    const isOldRuntime =
      NarthexError.is(error) && (error.rpcCode === -32601 || /unhandled method connect/i.test(error.message));
    if (!isOldRuntime) throw error;
    return peer.request("ping", {}, { timeoutMs });
  });
  const parsed = CONNECT_RESULT.safeParse(result);
  const { protocolVersion: version, features = [] } = parsed.success ? parsed.data : {};
  return { version, features };
}

/** Says what this client can do; a runtime that refuses fields it does not know is asked again without ours. */
async function connect(peer: RpcPeer, params: Record<string, unknown>, timeoutMs: number): Promise<unknown> {
  try {
    return await peer.request("connect", { ...params, features: [FEATURE_EARLY_SESSION_TRAFFIC] }, { timeoutMs });
  } catch (error) {
    if (!NarthexError.is(error) || !/unknown field\W+features\b/i.test(error.message)) throw error;
    return peer.request("connect", params, { timeoutMs });
  }
}

function wireClientInfo(info: CopilotClientInfo): Record<string, unknown> {
  const fields = {
    editorName: info.applicationName,
    editorVersion: info.applicationVersion,
    extensionName: info.integrationName,
    extensionVersion: info.integrationVersion,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
