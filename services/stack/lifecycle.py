"""Bringing a component up and down, the same for both."""

import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from services.stack import kafka, postgres, processes, tools
from services.stack import record as records
from services.stack.places import COMPONENTS, Component, Places, Report, StackError
from services.stack.processes import Process
from services.stack.record import Record

_STOP_TIMEOUT_S = 20.0
State = Literal["up", "not answering", "down", "never made"]


class Engine(Protocol):
    """What the modules `kafka` and `postgres` both offer."""

    EXECUTABLE: str
    SETTING: str
    STOP_SIGNAL: signal.Signals
    START_TIMEOUT_S: float

    def tools_needed(self, places: Places) -> list[str]: ...
    def is_prepared(self, places: Places) -> bool: ...
    def prepare(self, places: Places, report: Report) -> None: ...
    def launch(self, places: Places, record: Record) -> None: ...
    def find(self, places: Places) -> list[Process]: ...
    def main_process(self, places: Places) -> Process | None: ...
    def answers(self, record: Record) -> bool: ...
    def finish(self, record: Record) -> None: ...
    def address(self, record: Record) -> str: ...
    def version(self, places: Places) -> str: ...


ENGINES: dict[Component, Engine] = {"kafka": kafka, "postgres": postgres}


@dataclass(frozen=True)
class ComponentStatus:
    """One line of `vntape status`; sizes in bytes, pid and address None where there is none."""

    component: Component
    state: State
    pid: int | None
    address: str | None
    version: str
    memory_bytes: int
    data_bytes: int


def both(action: Callable[[Component], None]) -> None:
    """Run `action` for both components side by side: each mostly waits for something."""
    with ThreadPoolExecutor(len(COMPONENTS)) as pool:
        for outcome in [pool.submit(action, c) for c in COMPONENTS]:
            outcome.result()


def crash(places: Places, component: Component) -> None:
    """SIGKILL the main process and wait until it is gone; StackError when there is none."""
    engine = ENGINES[component]
    process = engine.main_process(places)
    if process is None:
        raise StackError(f"{component} of stack {places.instance} does not run")
    _send(places, component, [process], signal.SIGKILL)
    processes.wait_until(lambda: engine.main_process(places) != process, 10)


def bring_up(places: Places, record: Record, component: Component, report: Report) -> None:
    engine = ENGINES[component]
    begun = time.monotonic()
    fresh = engine.main_process(places) is None
    if fresh:
        engine.launch(places, record)
    if not _comes_up(places, record, component, report):
        lines = tools.tail(places.log(component))
        dead = engine.main_process(places) is None
        what = (
            "ended right after its start"
            if dead
            else "does not answer yet (after a crash it reads its files, longer the more there "
            "are); it is left running, `vntape up` waits for it again"
        )
        raise StackError(f"{component} {what}; the end of {places.log(component)}:\n{lines}")
    engine.finish(record)
    done = f"started in {time.monotonic() - begun:.1f} s" if fresh else "was up"
    report(f"{component}: {done}, {engine.address(record)}")


def _comes_up(places: Places, record: Record, component: Component, report: Report) -> bool:
    engine = ENGINES[component]
    begun = time.monotonic()
    deadline = begun + engine.START_TIMEOUT_S
    next_word = begun + 10.0
    # Between the fork and the moment that a process can be recognised.
    grace = time.monotonic() + 5.0
    while not engine.answers(record):
        now = time.monotonic()
        if now > deadline or (now > grace and engine.main_process(places) is None):
            return False
        if now > next_word:
            report(f"{component}: still starting after {now - begun:.0f} s")
            next_word += 10.0
        time.sleep(0.1)
    # Something else could have taken the port in the meantime and answer in its place.
    return processes.wait_until(lambda: engine.main_process(places) is not None, 2)


def take_down(places: Places, component: Component, report: Report) -> None:
    engine = ENGINES[component]
    main = engine.main_process(places)
    if main is not None:
        _send(places, component, [main], engine.STOP_SIGNAL)
        if processes.wait_until(lambda: not engine.find(places), _STOP_TIMEOUT_S):
            report(f"{component}: stopped")
            return
        report(f"{component}: did not stop in {_STOP_TIMEOUT_S:.0f} s, killed")
    _send(places, component, engine.find(places), signal.SIGKILL)
    if not processes.wait_until(lambda: not engine.find(places), 10):
        raise StackError(f"{component} cannot be ended: {engine.find(places)}")


def _send(
    places: Places, component: Component, targets: Sequence[processes.Process], n: signal.Signals
) -> None:
    for process in targets:
        processes.send(process, places.home(component), ENGINES[component].EXECUTABLE, n)


def status_of(places: Places, record: Record | None, component: Component) -> ComponentStatus:
    engine = ENGINES[component]
    main = engine.main_process(places)
    state: State
    if record is None:
        state = "never made"
    elif main is None:
        state = "down"
    else:
        state = "up" if engine.answers(record) else "not answering"
    return ComponentStatus(
        component,
        state,
        pid=None if main is None else main.pid,
        address=None if record is None else engine.address(record),
        version=engine.version(places),
        memory_bytes=processes.memory_bytes(engine.find(places)),
        data_bytes=sum(tools.size_bytes(folder) for folder in _folders(places, record, component)),
    )


def _folders(places: Places, record: Record | None, component: Component) -> list[Path]:
    elsewhere = component == "kafka" and record is not None and record.kafka_data
    return [places.home(component), *([Path(elsewhere)] if elsewhere else [])]


def refuse_replacing(places: Places, component: Component) -> None:
    """StackError when binaries must be made anew while an instance runs on the old ones."""
    engine = ENGINES[component]
    if engine.is_prepared(places):
        return
    for name in [*places.others(), places.instance]:
        if engine.find(Places(places.root, name)):
            raise StackError(
                f"{component} must be fetched in another version, and stack {name} runs on the "
                f"old one: `VNTAPE_STACK={name} vntape down` first"
            )


def refuse_moving(places: Places, kafka_port: int | None, database_port: int | None) -> None:
    """StackError when a fixed port is not the one that a component runs on already."""
    record = records.load(places)
    if record is None:
        return
    fixed: dict[Component, tuple[int | None, int]] = {
        "kafka": (kafka_port, record.kafka_port),
        "postgres": (database_port, record.database_port),
    }
    for component, (wanted, now) in fixed.items():
        engine = ENGINES[component]
        if wanted and wanted != now and engine.main_process(places) is not None:
            raise StackError(
                f"{component} already runs on port {now}, and {engine.SETTING} asks for "
                f"{wanted}: `vntape down` first"
            )
