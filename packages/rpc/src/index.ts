// A JSON-RPC 2.0 peer, its framing, and an in-memory transport. No input or output: that is `@narthex/rpc/node`.
export { RpcPeer } from "./peer.ts";
export type { PeerHandler, PeerOptions } from "./peer-options.ts";
export type { InboundCall } from "./inbound-calls.ts";
export type { CallOutcome, RequestOptions } from "./outbound-calls.ts";
export type { Timers } from "./timers.ts";
export type { Transport, TransportSink } from "./transport.ts";
export { createMemoryPair, type MemoryPairOptions } from "./memory-pair.ts";
export { FrameParser, DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_HEADER_BYTES, type FrameLimits } from "./frame-parser.ts";
export { encodeFrame } from "./encode-frame.ts";
