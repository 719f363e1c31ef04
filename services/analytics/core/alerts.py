"""The engine: messages of one topic in, alerts out; `Engine.step` is the only door."""

from collections.abc import Sequence
from typing import Any

from schemas.alerts import Alert, AlertSide
from schemas.base import BROADCAST, Venue
from schemas.days import day_of, iso
from schemas.keys import venue_of
from schemas.market import Instrument
from services.analytics.core.hours import Hours, family
from services.analytics.core.memory import Memory, VenueState
from services.analytics.core.rules import Rule

_NAMES = ("alias", "continuous")
"""Fields of `basis` that say other names of its contract."""
NOTHING: tuple[Alert, ...] = ()


class Engine:
    """
    The rules of one topic, in the order of the file, with the hours in which they speak.

    Holds no state of the tape: that is in `VenueState`, so one engine serves all partitions.
    """

    def __init__(self, topic: str, rules: Sequence[Rule], hours: Hours) -> None:
        self.topic, self.hours = topic, hours
        self.rules = tuple(rule for rule in rules if rule.topic == topic)
        names = {name for rule in self.rules for name in rule.symbols}
        self._names = frozenset(names)
        self._by_type: dict[type, tuple[Rule, ...]] = {}
        for rule in self.rules:
            for kind in rule.measure.types:
                self._by_type[kind] = (*self._by_type.get(kind, ()), rule)
        self._open: dict[tuple[type, str], tuple[Rule, ...]] = {}
        self._named: dict[type, tuple[Rule, ...]] = {
            kind: tuple(rule for rule in of_type if rule.symbols)
            for kind, of_type in self._by_type.items()
        }

    def step(self, state: VenueState, message: Any) -> Sequence[Alert]:
        """
        Take one message of the state's venue, which changes in place.

        Deterministic; raises nothing for any valid message of the topic.
        """
        kind = type(message)
        if kind is Instrument and self._names:
            self._learn(state, message)
        if kind not in self._by_type:
            return NOTHING
        alerts = [
            alert
            for rule in self._rules_for(state, message, kind)
            if (alert := self._apply(rule, state, message)) is not None
        ]
        return alerts or NOTHING

    def _rules_for(self, state: VenueState, message: Any, kind: type) -> Sequence[Rule]:
        """Those that are for every symbol of its family, then those that name this one."""
        symbol = message.symbol
        rules = self._open.get((kind, symbol))
        if rules is None:
            own = family(symbol, state.venue)
            rules = self._open[kind, symbol] = tuple(
                rule
                for rule in self._by_type[kind]
                if own in rule.families
                and symbol not in rule.without
                and (not rule.symbols or symbol in rule.symbols)
            )
        if not self._named[kind]:
            return rules
        names = {name for name, meant in state.aliases.items() if meant == symbol}
        for field in _NAMES:
            if (name := getattr(message, field, None)) is not None:
                names.add(name)
        if not names:
            return rules
        more = (r for r in self._named[kind] if r.symbols & names and r not in rules)
        return (*rules, *more)

    def _learn(self, state: VenueState, instrument: Instrument) -> None:
        """A contract that expires hands its continuous name to the next one."""
        symbol = instrument.symbol
        for name in [n for n, meant in state.aliases.items() if meant == symbol]:
            if name not in instrument.aliases:
                del state.aliases[name]
        for name in instrument.aliases:
            if name in self._names:
                state.aliases[name] = symbol

    def _apply(self, rule: Rule, state: VenueState, message: Any) -> Alert | None:
        symbol, seq = message.symbol, message.seq
        memories = state.symbols.get(symbol)
        memory = memories.get(rule.key) if memories else None
        if memory is None:
            if rule.measure.remembers is None:
                value = rule.measure.value(message, None)
                if value is None or rule.trigger.side_of(value) is None:
                    return None  # nothing to tell and nothing to remember
            memory = state.symbols.setdefault(symbol, {})[rule.key] = Memory()
        day = day_of(seq, state.venue)
        if memory.day != day:
            memory.day, memory.up, memory.down = day, False, False
            memory.window = []
        value = rule.measure.value(message, memory)
        if value is None:
            return None
        side = rule.trigger.judge(memory, value, seq)
        if side is None:
            return None
        if not rule.anytime and self.hours.silent(family(symbol, state.venue), message.ts_ms):
            return None
        return self._tell(rule, state, message, memory, side, value)

    def _tell(
        self,
        rule: Rule,
        state: VenueState,
        message: Any,
        memory: Memory,
        side: AlertSide,
        value: float,
    ) -> Alert:
        symbol, seq = message.symbol, message.seq
        if side == "up":
            memory.up, memory.up_seq = True, seq
        else:
            memory.down, memory.down_seq = True, seq
        # Several messages of a derived topic may have the same seq.
        memory.last = seq, memory.last[1] + 1 if memory.last[0] == seq else 0
        venue: Venue = state.venue if symbol == BROADCAST else venue_of(symbol)  # type: ignore[assignment]
        numbers = rule.measure.numbers(message, value, memory)
        vi, en = rule.measure.text(message, side, numbers)
        told = None if rule.trigger.event else side
        day = iso(memory.day)
        matter = f"*{venue}" if symbol == BROADCAST else symbol
        return Alert(
            symbol=symbol,
            feed=message.feed,
            seq=seq,
            ts_ms=message.ts_ms,
            part=memory.last[1],
            venue=venue,
            day=day,
            rule=rule.id,
            kind=rule.kind,
            severity=rule.severity,
            topic=self.topic,
            side=told,
            text_vi=vi,
            text_en=en,
            numbers=dict(numbers),
            dedupe_key="/".join(filter(None, (rule.id, matter, told, day))),
        )
