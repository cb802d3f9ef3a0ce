// The two JSON-RPC implementations under one small interface, for both ends of the pipe.
import { RpcPeer } from "@narthex/rpc";
import { childProcessTransport, streamTransport } from "@narthex/rpc/node";
import { StreamMessageReader, StreamMessageWriter, createMessageConnection } from "vscode-jsonrpc/node.js";

/** What our sender lets pile up before it waits; with vscode-jsonrpc the awaited promise is the back-pressure. */
const HIGH_WATER_BYTES = 256 * 1024;
const NOTIFICATIONS_BETWEEN_CHECKS = 64;

function narthexSender(child) {
  const peer = new RpcPeer(childProcessTransport(child), {});
  peer.start();
  return {
    request: (method, params) => peer.request(method, params),
    async flood(method, makeParams, count) {
      for (let i = 0; i < count; i++) {
        peer.notify(method, makeParams(i));
        if (i % NOTIFICATIONS_BETWEEN_CHECKS === 0 && peer.bufferedBytes > HIGH_WATER_BYTES) await peer.drained();
      }
    },
    close: () => peer.close(),
  };
}

function narthexReceiver({ notification, request }) {
  new RpcPeer(streamTransport(process.stdin, process.stdout), { notification, request }).start();
}

function vscodeConnection(readable, writable) {
  return createMessageConnection(new StreamMessageReader(readable), new StreamMessageWriter(writable));
}

function vscodeSender(child) {
  const connection = vscodeConnection(child.stdout, child.stdin);
  connection.listen();
  return {
    request: (method, params) => connection.sendRequest(method, params),
    // One awaited promise per notification: measured faster than sending windows of them with Promise.all.
    async flood(method, makeParams, count) {
      for (let i = 0; i < count; i++) await connection.sendNotification(method, makeParams(i));
    },
    close: () => {
      connection.dispose();
      child.stdin.end();
    },
  };
}

function vscodeReceiver({ notification, request }) {
  const connection = vscodeConnection(process.stdin, process.stdout);
  connection.onNotification(notification);
  connection.onRequest(request);
  connection.listen();
}

export const contestants = {
  narthex: { sender: narthexSender, receiver: narthexReceiver },
  "vscode-jsonrpc": { sender: vscodeSender, receiver: vscodeReceiver },
};
