"""A private PostgreSQL with PostGIS for the tests: its own cluster in a temporary folder, stopped at the end.

PostgreSQL refuses to run as root, so that a root user's tests run it as the system user `postgres`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg

INSTALL = "install PostgreSQL with PostGIS, e.g. apt-get install postgresql postgresql-15-postgis-3"


class PostgisMissing(RuntimeError):
    """There is no PostgreSQL with PostGIS on this machine."""


def find_binaries() -> Path:
    """The folder of `initdb` and `postgres`, newest version first. Raises PostgisMissing saying what to install."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]), reverse=True)
    candidates = [path.parent for path in found]
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    if not candidates:
        raise PostgisMissing(f"no initdb found; {INSTALL}")
    for folder in candidates:
        share = subprocess.run([folder / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
        roots = [Path(share.stdout.strip())] if share.returncode == 0 else []
        roots.append(Path("/usr/share/postgresql") / folder.parent.name)
        if any((root / "extension" / "postgis.control").is_file() for root in roots):
            return folder
    raise PostgisMissing(f"PostgreSQL in {candidates[0]} has no PostGIS; {INSTALL}")


class PostgisServer:
    """One cluster. `url(name)` creates a fresh database; `stop` and `start` play an outage."""

    def __init__(self, *, durable: bool = False) -> None:
        self._bin = find_binaries()
        self._durable = durable
        self._dir = Path(tempfile.mkdtemp(prefix="gridcommand-pg-"))
        self._data = self._dir / "data"
        self._socket = self._dir / "socket"
        self._socket.mkdir()
        self._as_postgres = os.geteuid() == 0
        if self._as_postgres:
            try:
                owner = pwd.getpwnam("postgres")
            except KeyError:
                raise PostgisMissing(f"there is no system user postgres; {INSTALL}") from None
            for path in (self._dir, self._socket):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self.port = _free_port()
        self._databases = 0
        self._run("initdb", "-D", self._data, "-U", "gridcommand", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self.start()

    def _run(self, program: str, *args: object) -> None:
        command = [str(self._bin / program), *map(str, args)]
        if self._as_postgres:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            command, cwd=self._dir, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout.strip()[-800:]}")

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._socket,
            "max_connections": 120,
            "shared_buffers": "128MB",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
            "synchronous_commit": "on",
            "max_wal_size": "2GB",
            "timezone": "Asia/Shanghai",  # not UTC, so that a time that loses its zone is caught
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        # pg_ctl's server keeps its output open: it must have a file of its own.
        self._run("pg_ctl", "-D", self._data, "-w", "-t", "60", "-l", self._dir / "server.log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    def url(self, name: str | None = None, template: str | None = None) -> str:
        """URL of a new database: empty, or a copy of the database `template` that nobody is connected to."""
        if name is None:
            self._databases += 1
            name = f"t{self._databases}"
        with psycopg.connect(f"{self._base()}/postgres", autocommit=True) as connection:
            like = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
            connection.execute(f'CREATE DATABASE "{name}"{like}'.encode())
        return f"{self._base()}/{name}".replace("postgresql://", "postgresql+psycopg://")

    def _base(self) -> str:
        return f"postgresql://gridcommand@127.0.0.1:{self.port}"

    def close(self) -> None:
        try:
            if (self._data / "postmaster.pid").exists():
                self.stop()
        finally:
            shutil.rmtree(self._dir, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
