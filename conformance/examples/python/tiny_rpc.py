"""Frames, and a JSON-RPC peer that handles each message before it looks at the next one."""
import asyncio
import json

MAX_HEADER_BYTES, MAX_BODY_BYTES = 8 * 1024, 64 * 1024 * 1024


class SdkError(Exception):
    def __init__(self, code, message, rpc_code=None, data=None):
        super().__init__(message)
        self.code, self.rpc_code, self.data = code, rpc_code, data


class FrameError(Exception):
    """The stream is no frames any more."""


class Frames:
    """Cuts a stream of bytes into bodies."""

    def __init__(self):
        self._bytes = bytearray()

    def push(self, data):
        self._bytes += data
        while (end := self._bytes.find(b"\r\n\r\n")) >= 0 or len(self._bytes) > MAX_HEADER_BYTES:
            if end < 0 or end > MAX_HEADER_BYTES:
                raise FrameError("the header block is too long")
            length = self._length_of(self._bytes[:end].decode("latin-1"))
            if len(self._bytes) < end + 4 + length:
                return
            body = bytes(self._bytes[end + 4 : end + 4 + length])
            del self._bytes[: end + 4 + length]
            yield body

    @staticmethod
    def _length_of(header):
        fields = [line.partition(":") for line in header.lower().split("\r\n")]
        lengths = {value.strip() for name, _colon, value in fields if name.strip() == "content-length"}
        length = lengths.pop() if len(lengths) == 1 else ""
        is_number = length.isdecimal() and len(length) < 16
        if not all(colon for _name, colon, _value in fields) or not is_number or int(length) > MAX_BODY_BYTES:
            raise FrameError(f"malformed header {header!r:.100}")
        return int(length)


class Request:
    """A request of the runtime. Exactly one of `reply` and `refuse` is called."""

    def __init__(self, peer, message):
        self._peer, self._id, self.method = peer, message["id"], message["method"]
        self.params = message.get("params")

    def reply(self, result):
        self._peer.write({"id": self._id, "result": result})

    def refuse(self, code, message):
        self._peer.write({"id": self._id, "error": {"code": code, "message": message}})


class Peer(asyncio.Protocol):
    """One JSON-RPC connection. Messages are handled in order, and each before the next is looked at."""

    def __init__(self, on_request, on_notification, on_close):
        self._on_request, self._on_notification, self._on_close = on_request, on_notification, on_close
        self._frames, self._calls, self._next_id, self._transport = Frames(), {}, 1, None

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        try:
            for body in self._frames.push(data):
                self._body(body)
        except FrameError as error:
            self.write({"id": None, "error": {"code": -32700, "message": str(error)}})
            self.close()

    def connection_lost(self, _error):
        self.close()

    def close(self):
        self._transport.close()
        self.fail_calls(SdkError("CONNECTION_CLOSED", "The connection has ended."))
        self._on_close()

    def fail_calls(self, error):
        for future, _settle in self._calls.values():
            if not future.done():
                future.set_exception(error)

    @property
    def is_open(self):
        return not self._transport.is_closing()

    def write(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}, allow_nan=False).encode()
        if self.is_open:
            self._transport.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def call(self, method, params, settle=lambda result, error: result):
        """Returns a future. `settle` sees the answer before the next frame is read, also when nobody waits any more."""
        if not self.is_open:
            raise SdkError("NOT_CONNECTED", f"{method} was not sent: there is no connection.")
        self.write({"id": self._next_id, "method": method, "params": params})
        future = asyncio.get_running_loop().create_future()
        self._calls[self._next_id] = (future, settle)
        self._next_id += 1
        return future

    def _body(self, body):
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            return self.write({"id": None, "error": {"code": -32700, "message": "the body is no JSON"}})
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            message = {}
        if isinstance(message.get("method"), str):
            return self._on_request(Request(self, message)) if "id" in message else self._on_notification(message)
        if "id" in message and ("result" in message) != ("error" in message):
            return self._response(message)
        self.write({"id": None, "error": {"code": -32600, "message": "the body is no JSON-RPC message"}})

    def _response(self, message):
        number = message["id"] if isinstance(message["id"], int) else None
        future, settle = self._calls.pop(number, (None, None))
        if future is None:
            return
        error = None
        if "error" in message:
            said = message["error"] if isinstance(message["error"], dict) else {}
            error = SdkError("REQUEST_FAILED", str(said.get("message")), said.get("code"), said.get("data"))
        try:
            value = settle(message.get("result"), error)
            if error is not None:
                raise error
        except Exception as failure:  # noqa: BLE001 - whatever it is, the caller gets it
            if not future.done():
                future.set_exception(failure)
        else:
            if not future.done():
                future.set_result(value)
