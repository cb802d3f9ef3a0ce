"""Pending routing in miniature: messages for ids that are not known yet are parked, and handed over in order."""
import asyncio

from tiny_rpc import Request

MAX_PARKED, MAX_UNKNOWN_IDS, MAX_RELEASED, PARK_SECONDS = 128, 1024, 1024, 30

OVERFLOW = (-32603, "pending session buffer overflow")
ROUTING_ENDED = (-32603, "pending session routing ended before session was registered")
PARK_TIME_OUT = (-32603, "pending session request timed out")

# A runtime may need these answered before it can answer its create: to let them wait would be a deadlock.
URGENT = ("sessionFs.", "providerToken.")


class PendingRouting:
    """Where a message about a session goes, from before its id is known until after it is gone."""

    def __init__(self, warn):
        self._warn, self._has_warned = warn, False
        self._tickets, self._parked, self.live, self._gone = set(), {}, {}, {}

    def open_gate(self):
        ticket = object()
        self._tickets.add(ticket)
        return ticket

    def holds(self, ticket):
        return ticket in self._tickets

    def end(self, ticket):
        """Harmless when repeated; the last one answers whatever is still parked."""
        self._tickets.discard(ticket)
        if not self._tickets:
            for session_id in list(self._parked):
                self._discard(session_id, ROUTING_ENDED)
            self._has_warned = False

    def close_gate(self):
        for ticket in list(self._tickets):
            self.end(ticket)

    def event(self, session_id, event):
        if session := self.live.get(session_id):
            session.receive(event)
        elif self._tickets and session_id not in self._gone:
            self._park(session_id, event)

    def request(self, session_id, request):
        if session := self.live.get(session_id):
            session.dispatch(request)
        elif not self._tickets or session_id in self._gone:
            request.refuse(-32602, f"No session found for sessionId: {session_id}")
        elif request.method.startswith(URGENT):
            request.refuse(-32603, f"This client has nothing to answer {request.method} with")
        else:
            self._park(session_id, request)
            request.since = asyncio.get_running_loop().time()
            request.timer = asyncio.get_running_loop().call_later(PARK_SECONDS, self._expire, session_id, request)

    def register(self, session):
        """Nothing else runs between making the session visible and handing over what waits for it."""
        self._gone.pop(session.session_id, None)
        self.live[session.session_id] = session
        for item in self._parked.pop(session.session_id, []):
            if isinstance(item, Request):
                item.timer.cancel()
                session.dispatch(item)
            else:
                session.receive(item)

    def release(self, session_id):
        self.live.pop(session_id, None)
        self._discard(session_id, ROUTING_ENDED)
        self._gone[session_id] = True
        if len(self._gone) > MAX_RELEASED:
            del self._gone[next(iter(self._gone))]

    def describe_waiting(self):
        now = asyncio.get_running_loop().time()
        return ", ".join(
            f"{item.method} for session {session_id} since {round((now - item.since) * 1000)} ms"
            for session_id, items in self._parked.items()
            for item in items
            if isinstance(item, Request)
        )

    def _park(self, session_id, item):
        items = self._parked.pop(session_id, [])
        self._parked[session_id] = items  # now the youngest
        if len(self._parked) > MAX_UNKNOWN_IDS:
            self._discard(next(iter(self._parked)), OVERFLOW)
        items.append(item)
        alike = [one for one in items if isinstance(one, Request) == isinstance(item, Request)]
        if len(alike) > MAX_PARKED:
            # Of requests the oldest goes, of events the least useful: a lost question would leave a turn hanging.
            victim = alike[0] if isinstance(item, Request) else min(alike, key=usefulness)
            items.remove(victim)
            self._drop(session_id, victim, OVERFLOW)

    def _expire(self, session_id, request):
        self._parked[session_id].remove(request)
        self._drop(session_id, request, PARK_TIME_OUT)

    def _discard(self, session_id, why):
        for item in self._parked.pop(session_id, []):
            self._drop(session_id, item, why)

    def _drop(self, session_id, item, why):
        if isinstance(item, Request):
            item.timer.cancel()
            item.refuse(why[0], f"{why[1]} ({item.method}, session {session_id})")
        elif not self._has_warned:  # one line is enough: a flood of unknown ids must not become one in the log
            self._has_warned = True
            self._warn(f"Early events were dropped, the first of session {session_id}: {why[1]}")


def usefulness(event):
    if event["type"] == "session.start" or event["type"].endswith((".requested", ".execute", "_required")):
        return 2
    return 0 if event["type"].endswith(("_delta", "_progress", ".progress", "_partial_result")) else 1
