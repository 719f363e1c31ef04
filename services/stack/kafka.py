"""A real Apache Kafka: jars gathered by Maven, one KRaft node."""

import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from string import Template

from services.stack import locks, ports, processes, tools
from services.stack.places import Places, Report, StackError
from services.stack.processes import Process
from services.stack.record import Record, new_cluster_id

EXECUTABLE = "java"
SETTING = "VNTAPE_KAFKA_PORT"
STOP_SIGNAL = signal.SIGTERM
# 2 s on an idle machine; recovery of a large unclean log takes longer.
START_TIMEOUT_S = 120.0

_MAIN = "kafka.Kafka"
_HEAP = ("-Xms256m", "-Xmx768m", "-XX:+UseSerialGC")


def tools_needed(places: Places) -> list[str]:
    return ["java"] if is_prepared(places) else ["java", "mvn"]


def is_prepared(places: Places) -> bool:
    """Whether the jars are there, all of those that the pom names now."""
    # The pom is copied last, so its copy says that all jars are there and which.
    mark = _libs(places) / "pom.xml"
    return mark.is_file() and mark.read_bytes() == (places.templates / "pom.xml").read_bytes()


def prepare(places: Places, report: Report) -> None:
    """Gather the jars that deploy/local/pom.xml names, unless they are there."""
    java = tools.java_version()
    if int(java.partition(".")[0]) < 17:
        raise StackError(f"Kafka needs Java 17 or later; `java` is {java}")
    if not is_prepared(places):
        _gather(places, report)
    if not _archive(places).exists():
        _make_archive(places, report)


def _gather(places: Places, report: Report) -> None:
    home = places.kafka_binaries
    fresh = home / "libs.new"
    shutil.rmtree(fresh, ignore_errors=True)
    begun = time.monotonic()
    report("Kafka: fetching its jars with Maven (about 60 MB, once)")
    tools.run_long(
        ["mvn", "-B", "-ntp", "-f", str(places.templates / "pom.xml"),
         "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={fresh}"],
        log=home / "maven.log",
        grown=lambda: tools.size_bytes(fresh),
        report=report,
        what="fetching Kafka's jars",
    )  # fmt: skip
    (fresh / "pom.xml").write_bytes((places.templates / "pom.xml").read_bytes())
    shutil.rmtree(_libs(places), ignore_errors=True)
    fresh.rename(_libs(places))
    for outdated in home.glob("*.jsa"):
        outdated.unlink()
    size = tools.megabytes(tools.size_bytes(_libs(places)))
    report(f"Kafka {version(places)}: {size} of jars in {time.monotonic() - begun:.0f} s")


def launch(places: Places, record: Record) -> None:
    """Start the broker's process; it must not be running."""
    ports.require_free(record.kafka_port, "Kafka", SETTING)
    _furnish(places, record, places.kafka_home)
    log = places.log("kafka")
    # Log4j rotates its own file, so what the JVM itself prints goes to another.
    processes.start_detached(
        _command(places, log, f"-XX:SharedArchiveFile={_archive(places)}"),
        cwd=places.kafka_home,
        log=log.with_name("kafka-jvm.log"),
    )


def find(places: Places) -> list[Process]:
    return processes.inside(places.kafka_home, EXECUTABLE)


def main_process(places: Places) -> Process | None:
    """The broker's process, when it lives."""
    return next((p for p in find(places) if _MAIN in p.words), None)


def answers(record: Record) -> bool:
    """Whether a Kafka broker answers on the instance's port."""
    # ApiVersions (key 18) version 0, correlation id 7, no client id: every broker knows it.
    request = struct.pack(">hhih", 18, 0, 7, -1)
    try:
        with socket.create_connection(("127.0.0.1", record.kafka_port), timeout=2) as s:
            s.sendall(struct.pack(">i", len(request)) + request)
            head = s.recv(8, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(head) == 8 and head[4:] == struct.pack(">i", 7)


def finish(_record: Record) -> None:
    """Nothing is left to do once the broker answers: topics are made by `vntape topics apply`."""


def address(record: Record) -> str:
    return f"127.0.0.1:{record.kafka_port}"


def version(places: Places) -> str:
    jars = list(_libs(places).glob("kafka_2.13-*.jar"))
    return jars[0].stem.partition("-")[2] if jars else ""


def _libs(places: Places) -> Path:
    return places.kafka_binaries / "libs"


def _command(places: Places, log: Path, *options: str) -> list[str]:
    return [
        "java", *_HEAP, *options, "-Djava.awt.headless=true", f"-Dvntape.log={log}",
        f"-Dlog4j2.configurationFile={places.templates / 'log4j2.xml'}",
        "-cp", f"{_libs(places)}/*", _MAIN, "server.properties",
    ]  # fmt: skip


def _furnish(places: Places, record: Record, home: Path) -> None:
    """Write the configuration of a broker that lives in `home`; format its storage once."""
    home.mkdir(parents=True, exist_ok=True)
    data = Path(record.kafka_data) if record.kafka_data else home / "data"
    (home / "server.properties").write_text(_properties(places, record, data))
    if data.exists():
        return
    # In a folder that is renamed at the end: what is called `data` was formatted completely.
    fresh = data.with_name(f"{data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    config = home / "format.properties"
    config.write_text(_properties(places, record, fresh))
    tools.run_short(
        ["java", "-Xmx256m", "-cp", f"{_libs(places)}/*", "kafka.tools.StorageTool",
         "format", "-t", record.cluster_id, "-c", str(config)],
        cwd=places.root,
        what="formatting Kafka's storage",
    )  # fmt: skip
    fresh.rename(data)


def _properties(places: Places, record: Record, data: Path) -> str:
    # The controller's port is nobody's business but the broker's: any free one, each time.
    controller = ports.pick_free({record.kafka_port, record.database_port})
    template = Template((places.templates / "server.properties").read_text())
    return template.substitute(kafka_port=record.kafka_port, controller_port=controller, data=data)


def _archive(places: Places) -> Path:
    # One per Java: the JVM ignores an archive that another one wrote.
    return places.kafka_binaries / f"classes-{tools.java_version()}.jsa"


def _make_archive(places: Places, report: Report) -> None:
    """
    Start and stop a broker once so that the JVM keeps its loaded classes in a file.

    With it a start takes 1.3 s instead of 4.2, and half the processor time. A JVM that cannot
    read the file starts without it.
    """
    begun = time.monotonic()
    home = places.kafka_binaries / "training"
    shutil.rmtree(home, ignore_errors=True)
    record = Record(ports.pick_free(), 0, "", new_cluster_id())
    _furnish(places, record, home)
    fresh = home / "classes.jsa"
    options = ("-XX:ArchiveClassesAtExit=" + str(fresh), "-Xlog:cds=off", "-Xlog:cds+dynamic=off")
    with (home / "jvm.log").open("wb") as out:
        broker = subprocess.Popen(
            _command(places, home / "kafka.log", *options),
            cwd=home, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            pass_fds=locks.inherited(),
        )  # fmt: skip
    try:
        processes.wait_until(lambda: answers(record) or broker.poll() is not None, 60)
        broker.terminate()
        broker.wait(60)
    finally:
        broker.kill()
        broker.wait()
    if not fresh.exists():
        raise StackError(f"a first start of Kafka failed:\n{tools.tail(home / 'kafka.log')}")
    for outdated in places.kafka_binaries.glob("*.jsa"):
        outdated.unlink()
    fresh.rename(_archive(places))
    shutil.rmtree(home)
    report(f"Kafka: prepared for quick starts in {time.monotonic() - begun:.0f} s")
