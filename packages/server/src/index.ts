// @narthex/server: serves a runtime over stdio, TCP and WebSocket, and shows its sessions over HTTP.
export { Gateway, type GatewayOptions } from "./gateway/gateway.ts";
export { listen, type Listener, type ListenOptions } from "./listen.ts";
export { serveStdio } from "./serve-stdio.ts";
export { connectInProcess } from "./in-process.ts";
export { createHttpApp, type HttpOptions } from "./http/app.ts";
export { accessKey } from "./http/access-key.ts";
