"""Where the processes keep their things: embedded, and on real Redis and PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import kombu
import pytest
import redis

from tests.services.house import House, free_port, wait_for

if sys.platform != "linux":
    pytest.skip("these tests read /proc, which only Linux has", allow_module_level=True)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    command = [
        program,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--save",
        "",
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        try:
            return bool(redis.Redis(port=port).ping())
        except redis.ConnectionError:
            return False

    try:
        wait_for("Redis", answers, 20)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()


def as_postgres() -> list[str]:
    """Return what makes a command run as a user that PostgreSQL accepts: never root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("PostgreSQL's server is not installed: apt-get install postgresql")
    binaries = programs[-1].parent
    # Not below pytest's own folder, which only root may enter.
    folder = Path(f"/tmp/mien-postgresql-{os.getpid()}")
    folder.mkdir()
    port = free_port()
    prefix = as_postgres()
    if prefix:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(
            [*prefix, *command], check=True, cwd="/", timeout=60, stdout=subprocess.DEVNULL
        )

    try:
        run(str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "mien", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        run(
            str(binaries / "pg_ctl"),
            "-D",
            str(data),
            "-o",
            options,
            "-l",
            str(folder / "log"),
            "-w",
            "start",
        )
        yield f"postgres://mien@127.0.0.1:{port}/postgres"
    finally:
        if data.exists():
            run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def amqp_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if not program.exists() or os.geteuid() != 0:
        pytest.skip("needs rabbitmq-server (apt-get install rabbitmq-server) and root to start it")
    folder = Path(f"/tmp/mien-rabbitmq-{os.getpid()}")
    folder.mkdir()
    shutil.chown(folder, "rabbitmq", "rabbitmq")
    port, epmd = free_port(), free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"mien{os.getpid()}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }
    as_rabbitmq = ["setpriv", "--reuid", "rabbitmq", "--regid", "rabbitmq", "--init-groups"]
    server = subprocess.Popen(
        [*as_rabbitmq, str(program)],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"amqp://guest:guest@127.0.0.1:{port}//"

    def answers() -> bool:
        try:
            with kombu.Connection(url, connect_timeout=2) as connection:
                connection.connect()
            return True
        except OSError:
            return False

    try:
        wait_for("RabbitMQ", answers, 60)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        # Erlang's name server makes itself a daemon; ours has a port of its own.
        for command in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if f"ERL_EPMD_PORT={epmd}".encode() in command.read_bytes().split(b"\0"):
                    os.kill(int(command.parent.name), signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=["embedded", "redis and postgresql", "rabbitmq"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Web and sweep; each test starts the worker that it kills."""
    environment = {}
    if request.param == "rabbitmq":
        environment["BROKER_URL"] = request.getfixturevalue("amqp_url")
    if request.param == "redis and postgresql":
        environment["REDIS_URL"] = request.getfixturevalue("redis_url")
        environment["DATABASE_URL"] = request.getfixturevalue("database_url")
    built = House(tmp_path_factory.mktemp("house"), **environment)
    try:
        built.migrate()
        built.start_web()
        built.start_sweep()
        yield built
    finally:
        built.stop()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """``manage.py up``, as a person starts it, for every test that only talks to it."""
    built = House(tmp_path_factory.mktemp("served"))
    try:
        up = built.start("up", "manage.py", "up")
        wait_for("the web server", lambda: built.is_up(up))
        yield built
    finally:
        built.stop()
