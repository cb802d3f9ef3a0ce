// Transports that touch the operating system: standard input and output, TCP, WebSocket.
export { streamTransport } from "./stream-transport.ts";
export { socketTransport, connectTcp, type ConnectTcpOptions } from "./socket-transport.ts";
export { childProcessTransport } from "./child-process-transport.ts";
export { webSocketTransport, type WebSocketLike } from "./web-socket-transport.ts";
export { connectWebSocket, type ConnectWebSocketOptions } from "./connect-web-socket.ts";
export type { TransportOptions } from "./transport-options.ts";
