"""The driver of the tiny SDK: JSON lines on stdin and stdout, one answer a line. See docs/conformance.md."""
import asyncio
import gc
import json
import sys
import tracemalloc
import weakref

from application import Operation, Stream
from tiny_rpc import SdkError
from tiny_sdk import Client

FEATURES = """abort-signal cloud-sessions create-timeout heap-size hooks lifecycle logger requests trace-context
transforms weak-references""".split()


class Unsupported(Exception):
    """What this SDK cannot do; `hello` does not name it either."""


def observed(error):
    if not isinstance(error, SdkError):
        return {"message": str(error) or type(error).__name__}
    seen = {"message": str(error), "code": error.code, "rpcCode": error.rpc_code, "data": error.data}
    return {name: value for name, value in seen.items() if value is not None}


class Driver:
    def __init__(self):
        self.clients, self.streams, self.operations = {}, {}, {}

    async def hello(self, protocol):
        return {"name": "tiny-sdk", "version": "0.1.0", "language": "Python", "features": FEATURES}

    async def open(self, client, transport, address, args, options):
        if transport != "tcp":
            raise Unsupported(f"transport-{transport}")
        streams = self.streams[client] = {"log": Stream(), "lifecycle": Stream()}

        def trace_context():
            if options["traceContext"].get("never"):
                return asyncio.get_running_loop().create_future()
            raise RuntimeError(options["traceContext"]["throw"])

        host, port = address.rsplit(":", 1)
        self.clients[client] = Client(
            host,
            int(port),
            warn=lambda message: streams["log"].put({"level": "warn", "message": message}),
            on_lifecycle=streams["lifecycle"].put,
            trace_context=trace_context if "traceContext" in options else None,
        )
        try:
            await self.clients[client].start()
        except (OSError, SdkError) as error:
            return {"error": observed(error)}

    async def start(self, client, op, **rest):
        run = getattr(self, f"op_{op}", None)
        if run is None:
            raise Unsupported(op)
        operation = self.operations[rest["as"]] = Operation()
        operation.task = asyncio.create_task(run(self.clients[client], operation, rest["args"]))
        if rest["args"].get("cancelled"):
            operation.task.cancel()

    async def op_createCloudSession(self, client, operation, args):
        config = dict(args["config"])
        handlers = operation.handlers(config.pop("handlers", {}))
        on_event = operation.on_event(config.pop("onEvent", {}))
        if config.pop("unserialisable", False):
            config["featureFlags"] = object()
        timeout = args.get("options", {}).get("timeoutMs", 300_000) / 1000 or None  # 0 waits for ever
        session = await client.create_cloud_session(config, handlers=handlers, on_event=on_event, timeout=timeout)
        session.on(lambda event: operation.late.put({"event": event}))
        operation.session, operation.weak = session, weakref.ref(session)
        return {"sessionId": session.session_id} | ({"remoteUrl": session.remote_url} if session.remote_url else {})

    async def op_send(self, client, operation, args):
        return {"messageId": await self.operations[args["session"]].session.send(args["message"])}

    async def op_disconnect(self, client, operation, args):
        await self.operations[args["session"]].session.disconnect()

    async def op_release(self, client, operation, args):
        self.operations[args["session"]].session = None

    async def op_stop(self, client, operation, args):
        return {"errors": [observed(error) for error in await client.stop()]}

    async def op_forceStop(self, client, operation, args):
        client.force_stop()

    async def wait(self, withinMs, **rest):
        task = self.operations[rest["as"]].task
        await asyncio.wait({task}, timeout=withinMs / 1000)
        if not task.done():
            return {"pending": True}
        if task.cancelled():
            return {"error": {"message": "cancelled", "code": "ABORTED"}}
        return {"error": observed(task.exception())} if task.exception() else {"value": task.result()}

    async def cancel(self, **rest):
        self.operations[rest["as"]].task.cancel()

    async def events(self, of, stream, count, withinMs):
        source = self.streams[of][stream] if of in self.streams else getattr(self.operations[of], stream)
        return await source.take(count, withinMs)

    async def answer(self, of, handler, call, policy):
        self.operations[of].answer(handler, call, policy)

    async def state(self, of):
        gc.collect()
        if of in self.clients:
            if not tracemalloc.is_tracing():
                tracemalloc.start()
            return {"heapBytes": tracemalloc.get_traced_memory()[0]}
        operation = self.operations[of]
        if operation.session is None:
            return {"alive": operation.weak() is not None}
        session = operation.session
        facts = {"sessionId": session.session_id, "capabilities": session.capabilities, "alive": True}
        facts |= {"remoteUrl": session.remote_url, "workspacePath": session.workspace_path}
        return {name: value for name, value in facts.items() if value is not None}  # absent, not null

    async def close(self, client, how):
        tracemalloc.stop()
        leaving = self.clients.pop(client)
        self.streams.pop(client)
        leaving.force_stop() if how == "force" else await leaving.stop()
        if not self.clients:
            self.operations.clear()


async def obey(driver, seq, verb, command):
    try:
        result = await getattr(driver, "wait" if verb == "await" else verb)(**command)
        answer = {"ok": {} if result is None else result}
    except Unsupported as error:
        answer = {"unsupported": str(error)}
    except Exception as error:  # noqa: BLE001 - a defect of the driver is never a pass
        answer = {"broken": repr(error)}
    say(seq, answer)


def say(seq, answer):
    print(json.dumps({"seq": seq, **answer}), flush=True)


async def main():
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    driver, tasks = Driver(), set()
    while line := await reader.readline():
        command = json.loads(line)
        seq, verb = command.pop("seq"), command.pop("verb")
        if verb == "bye":
            return say(seq, {"ok": {}})
        tasks.add(task := asyncio.create_task(obey(driver, seq, verb, command)))
        task.add_done_callback(tasks.discard)


asyncio.run(main())
