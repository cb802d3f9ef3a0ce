"""What the application does in a scenario: its handlers, made from policies, and the streams of what they saw."""
import asyncio


class Stream:
    """Entries that a command can wait for."""

    def __init__(self):
        self._entries, self._changed = [], asyncio.Event()

    def put(self, entry):
        self._entries.append(entry)
        self._changed.set()

    async def take(self, count, within_ms):
        try:
            async with asyncio.timeout(within_ms / 1000):
                while len(self._entries) < count:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass  # then there are fewer
        taken, self._entries[:count] = self._entries[:count], []
        return taken


class Operation:
    """Something the application has begun, with the handlers it gave and what they saw."""

    def __init__(self):
        self.journal, self.late = Stream(), Stream()
        self.task = self.session = self.weak = None
        self._calls, self._held = {}, {}

    def handler(self, name, policy, echo=lambda request: request):
        async def handle(request):
            call = self._calls[name] = self._calls.get(name, -1) + 1
            self.journal.put({"call": name, "request": request})
            return await self._settle(policy, (name, call), echo(request))

        return handle

    def answer(self, name, call, policy):
        self._held.pop((name, call)).set_result(policy)

    async def _settle(self, policy, key, echo):
        if "throw" in policy:
            raise RuntimeError(policy["throw"])
        if policy.get("never") or policy.get("hold"):
            self._held[key] = asyncio.get_running_loop().create_future()
            return await self._settle(await self._held[key], key, echo)
        return echo if policy.get("echo") else policy["reply"]

    def handlers(self, policies):
        made = {}
        for name in {"exitPlanMode", "autoModeSwitch"} & policies.keys():
            made[name] = self.handler(name, policies[name])
        if "userInput" in policies:
            echo = lambda request: {"answer": request["question"], "wasFreeform": True}  # noqa: E731
            made["userInput"] = self.handler("userInput", policies["userInput"], echo)
        for group, word in (("hooks", "hook"), ("transforms", "transform")):
            if group in policies:
                made[group] = {part: self.handler(f"{word}:{part}", one) for part, one in policies[group].items()}
        return made

    def on_event(self, rules):
        def see(event):
            self.journal.put({"event": event})
            if rules.get("throwOn") == event["type"]:
                raise RuntimeError("the application's handler threw")
            return rejected() if rules.get("rejectOn") == event["type"] else None

        return see


async def rejected():
    raise RuntimeError("the application's handler rejected")
