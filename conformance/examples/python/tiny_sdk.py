"""A tiny SDK for cloud sessions over TCP.

It is an example for docs/conformance.md, not a product: it has no reconnect, no session files, no repair of lost events
and no bound in bytes. Everything runs on one asyncio loop. The rule behind it all: what a frame brings about is decided
before the next one is looked at; what an application sees of it goes through the queue of the loop, which keeps order.
"""
import asyncio
import inspect
import sys

from tiny_routing import PendingRouting
from tiny_rpc import Peer, SdkError

READY_SECONDS, CREATE_SECONDS = 30, 300

# Requests about a session that this SDK serves, with the params they need; the others it knows, but has nothing for.
SERVED = {
    "userInput.request": {"question": str},
    "exitPlanMode.request": {"summary": str},
    "autoModeSwitch.request": {},
    "hooks.invoke": {"hookType": str},
    "systemMessage.transform": {"sections": dict},
}
KNOWN = ("sessionFs.", "providerToken.", "canvas.", "factory.", "tasks.")
# Events that may come before the session's worker has started, and options that are set once the session exists.
BEFORE_THE_WORKER = ("session.info", "session.warning", "session.managed_settings_resolved", "capabilities.changed")
AFTERWARDS = ("skipCustomInstructions", "coauthorEnabled", "manageScheduleEnabled")


def warn_on_stderr(message):
    print(f"[tiny-sdk] warning: {message}", file=sys.stderr)  # never stdout, which may be a transport


class Session:
    def __init__(self, client, result, handlers, on_event):
        self._client, self._handlers, self._on_event = client, handlers, [on_event] if on_event else []
        self.session_id, self.workspace_path = result["sessionId"], result.get("workspacePath")
        self.remote_url, self.capabilities = result.get("remoteUrl"), result.get("capabilities") or {}
        self._ready, self._ended, self._tasks = asyncio.Event(), None, set()
        self._seen = []  # what a handler that is attached right after the create has missed; None once that is over

    def on(self, handler):
        self._on_event.append(handler)
        for event in self._seen or []:
            self._spawn(run(handler, event))

    async def send(self, prompt):
        if not self._client.is_send_durable:
            async with asyncio.timeout(READY_SECONDS):
                await self._ready.wait()
        if self._ended is not None:
            raise self._ended
        answer = await self._client.peer.call("session.send", {"sessionId": self.session_id, "prompt": prompt})
        return answer["messageId"]

    async def disconnect(self):
        params = {"sessionId": self.session_id}
        try:
            for _attempt in range(2):
                if (await self._client.peer.call("session.detach", params)).get("success"):
                    break
            else:
                raise SdkError("SESSION_DETACH_FAILED", f"Session {self.session_id} was not let go.")
        except SdkError as error:
            if error.rpc_code != -32601:
                raise
            await self._client.peer.call("session.destroy", params)
        self._client.routing.release(self.session_id)
        self.finish(SdkError("SESSION_DISCONNECTED", f"Session {self.session_id} has been disconnected."))

    def finish(self, error):
        self._ended = error
        self._ready.set()

    def receive(self, event):
        data = event.get("data") if isinstance(event.get("data"), dict) else {}
        if event["type"] == "session.info" and data.get("infoType") == "remote":
            self.remote_url = self.remote_url or data.get("url")
        if event["type"] == "capabilities.changed":
            self.capabilities = {**self.capabilities, **data}
        if event["type"] not in BEFORE_THE_WORKER:
            self._ready.set()
        if self._seen is not None:
            self._seen.append(event)
        for handler in self._on_event:
            self._spawn(run(handler, event))

    def dispatch(self, request):
        self._spawn(self._answer(request))

    def close_window(self):
        self._seen = None

    def _spawn(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task):
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:  # a handler that fails harms nobody
            self._client.warn(f"A handler of session {self.session_id} failed: {task.exception()}")

    async def _answer(self, request):
        try:
            request.reply(await self._result_of(request.method, request.params))
        except Exception as error:  # noqa: BLE001 - the runtime gets an answer whatever happens
            request.refuse(-32603, str(error))

    async def _result_of(self, method, params):
        match method:
            case "userInput.request":
                return await self._ask("userInput", params)
            case "exitPlanMode.request":
                return await self._ask("exitPlanMode", params)
            case "autoModeSwitch.request":
                return {"response": await self._ask("autoModeSwitch", params)}
            case "hooks.invoke":
                return {"output": await self._ask("hooks", params.get("input"), params["hookType"])}
            case "systemMessage.transform":
                sections = dict(params["sections"])
                for name in self._handlers.get("transforms", {}).keys() & sections.keys():
                    text = await self._ask("transforms", sections[name]["content"], name)
                    sections[name] = {"content": text}
                return {"sections": sections}
        raise SdkError("HANDLER_NOT_REGISTERED", f"Session {self.session_id} has nothing to answer {method} with.")

    async def _ask(self, name, argument, part=None):
        handler = self._handlers.get(name) if part is None else self._handlers.get(name, {}).get(part)
        if handler is None:
            raise SdkError("HANDLER_NOT_REGISTERED", f"Session {self.session_id} has no handler {part or name}.")
        return await run(handler, argument)


async def run(handler, argument):
    """Calls an application's handler, plain or async. As a task it begins when everything before it has begun."""
    result = handler(argument)
    return await result if inspect.isawaitable(result) else result


class Client:
    """Options: warn(message), on_lifecycle(event) and trace_context(), which gives fields for each create."""

    def __init__(self, host, port, *, warn=warn_on_stderr, on_lifecycle=None, trace_context=None):
        self._address, self.warn = (host, port), warn
        self._on_lifecycle, self._trace_context = on_lifecycle, trace_context
        self.routing, self.peer, self.is_send_durable = PendingRouting(warn), None, False

    async def start(self):
        make = lambda: Peer(self._request, self._notification, self._closed)  # noqa: E731
        _transport, self.peer = await asyncio.get_running_loop().create_connection(make, *self._address)
        answer = await self.peer.call("connect", {"features": ["early-session-traffic"]})
        if answer.get("protocolVersion") != 3:
            raise SdkError("PROTOCOL_VERSION_MISMATCH", "This SDK speaks version 3 of the protocol.")
        self.is_send_durable = "durable-send" in answer.get("features", [])

    async def create_cloud_session(self, config, *, handlers=None, on_event=None, timeout=CREATE_SECONDS):
        check_cloud_config(config)
        handlers = handlers or {}
        ticket = session = None

        def settle(result, error):
            nonlocal session
            try:
                if not self.routing.holds(ticket):  # the caller has given up: what comes late is ended
                    return self._destroy(result) if error is None else None
                if error is None:
                    session = self._adopt(result, handlers, on_event)
                return session
            finally:
                self.routing.end(ticket)

        try:
            async with asyncio.timeout(timeout):
                trace = self._trace_context() if self._trace_context else {}
                trace = await trace if inspect.isawaitable(trace) else trace
                ticket = self.routing.open_gate()  # nothing before this line can leave it open
                await self.peer.call("session.create", {**trace, **payload_of(config, handlers)}, settle)
                if patch := {name: config[name] for name in AFTERWARDS if name in config}:
                    await self.peer.call("session.options.update", {"sessionId": session.session_id, **patch})
        except BaseException as error:
            waiting = self.routing.describe_waiting()
            if session is not None:
                session.finish(SdkError("SESSION_DISCONNECTED", "The create of this session failed."))
                self._destroy({"sessionId": session.session_id})
            if isinstance(error, TimeoutError):
                text = f"The session was not created within {timeout} s."
                raise SdkError("REQUEST_TIMEOUT", f"{text} Waiting for it: {waiting}." if waiting else text) from None
            raise
        finally:
            self.routing.end(ticket)
        # The caller goes on before the loop comes to this, even with a task around the create.
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, session.close_window)
        return session

    async def stop(self):
        """Answers what is parked, lets the sessions go, and closes; returns the errors on the way."""
        self.routing.close_gate()
        self.peer.fail_calls(SdkError("CONNECTION_CLOSED", "The client stops."))
        leaving = [session.disconnect() for session in list(self.routing.live.values())]
        errors = [one for one in await asyncio.gather(*leaving, return_exceptions=True) if one is not None]
        self.peer.close()
        return errors

    def force_stop(self):
        self.peer.close()

    def _adopt(self, result, handlers, on_event):
        """Turns a create response into a registered session, or ends what the runtime has made."""
        session_id = result.get("sessionId") if isinstance(result, dict) else None
        if session_id in self.routing.live:
            raise SdkError("SESSION_ID_CONFLICT", f"Two creates were answered with one session id, {session_id}.")
        if not isinstance(session_id, str) or not session_id or not isinstance(result.get("capabilities") or {}, dict):
            self._destroy(result)
            raise SdkError("SESSION_CREATE_RESPONSE_INVALID", f"The create response cannot be used: {result!r:.200}")
        session = Session(self, result, handlers, on_event)
        self.routing.register(session)
        return session

    def _destroy(self, result):
        session_id = result.get("sessionId") if isinstance(result, dict) else None
        if not isinstance(session_id, str) or not session_id:
            return self.warn("A create response names no session id: the runtime may be left with a session.")
        self.routing.release(session_id)
        if self.peer.is_open:
            destroyed = self.peer.call("session.destroy", {"sessionId": session_id})
            destroyed.add_done_callback(lambda future: future.exception())  # nobody waits for it

    def _request(self, request):
        if request.method not in SERVED and not request.method.startswith(KNOWN):
            return request.refuse(-32601, f"Unhandled method {request.method}")
        params = request.params if isinstance(request.params, dict) else {}
        for name, kind in {"sessionId": str, **SERVED.get(request.method, {})}.items():
            if not isinstance(params.get(name), kind):
                return request.refuse(-32602, f"{request.method} has invalid params: {name}")
        self.routing.request(params["sessionId"], request)

    def _notification(self, message):
        params = message["params"] if isinstance(message.get("params"), dict) else {}
        if message["method"] == "session.lifecycle" and self._on_lifecycle:
            asyncio.get_running_loop().call_soon(self._on_lifecycle, params)
        if message["method"] == "session.event":
            session_id, event = params.get("sessionId"), params.get("event")
            if not isinstance(session_id, str) or not isinstance(event, dict) or not isinstance(event.get("type"), str):
                return self.warn("A session event without sessionId or type was ignored.")
            self.routing.event(session_id, event)

    def _closed(self):
        self.routing.close_gate()
        for session in self.routing.live.values():
            session.finish(SdkError("CONNECTION_CLOSED", "The connection has ended."))
        self.routing.live.clear()


def check_cloud_config(config):
    """Refuses what cannot be a cloud session's, before anything is written."""
    if not isinstance(config.get("cloud"), dict):
        text = "create_cloud_session needs `cloud`: pass an empty one for an empty workspace, or use create_session."
        raise SdkError("CLOUD_CONFIG_REQUIRED", text)
    if config.get("sessionId") is not None:
        text = "The runtime chooses the id of a cloud session: leave `sessionId` out, or use resume_session."
        raise SdkError("CLOUD_SESSION_ID_NOT_ALLOWED", text)
    for field in ("provider", "providers"):
        if config.get(field) is not None:
            text = f"The model of a cloud session is the runtime's: leave `{field}` out, or use create_session."
            raise SdkError("CLOUD_PROVIDER_NOT_ALLOWED", text)


def payload_of(config, handlers):
    payload = {name: value for name, value in config.items() if name not in AFTERWARDS}
    for name in ("userInput", "exitPlanMode", "autoModeSwitch"):
        payload[f"request{name[0].upper()}{name[1:]}"] = name in handlers
    payload |= {"requestPermission": False, "requestElicitation": False, "hooks": bool(handlers.get("hooks"))}
    if sections := {id: {"action": "transform"} for id in handlers.get("transforms", {})}:
        payload["systemMessage"] = {"mode": "customize", "sections": sections}
    return payload
