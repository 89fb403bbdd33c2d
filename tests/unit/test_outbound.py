"""What leaves the house: today nothing. Whoever opens a way out is found here, and has to shut it to exercises.

A channel that sends (a message, a webhook, a call to another system) must refuse every timeline of which
`data.exercise.is_exercise` is true, and its test belongs beside it; then it is named below.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("cli", "dashboard", "replay", "feeds", "dispatch", "layers", "data", "geo")

WAYS_OUT = frozenset(
    {
        "socket", "ssl", "socketserver", "http.client", "urllib.request", "smtplib", "ftplib", "poplib", "imaplib",
        "telnetlib", "xmlrpc", "webbrowser", "subprocess", "multiprocessing", "requests", "httpx", "aiohttp", "urllib3",
        "websockets", "websocket", "paramiko", "kafka", "pika", "redis", "paho", "grpc", "boto3", "psycopg",
    }
)  # fmt: skip
CALLS = frozenset(
    {
        "open_connection", "create_connection", "create_datagram_endpoint", "create_subprocess_exec", "popen",
        "create_subprocess_shell", "system", "execv", "execvp", "spawnv", "startfile",
    }
)  # fmt: skip

KNOWN = {
    ("cli/serve.py", "socket"): "the port that is listened on",
    ("cli/demo.py", "subprocess"): "a process of our own that fills the demonstration's store",
    ("data/postgis.py", "psycopg"): "the store",
    ("feeds/board_live.py", "urllib.request"): "asks a source for its board; nothing is sent but the address",
}
"""(file, way): why it carries nothing of an exercise out."""


def sources() -> list[Path]:
    found = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "node_modules" not in path.parts]
    return [*found, ROOT / "app.py"]


def ways(tree: ast.AST) -> Iterator[str]:
    """Ways out that a file imports or calls, whatever they are called there."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or "", *(f"{node.module}.{each.name}" for each in node.names)]
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in CALLS:
                yield called
            if called in ("import_module", "__import__") and node.args and isinstance(node.args[0], ast.Constant):
                names = [str(node.args[0].value)]
        for name in names:
            parts = name.split(".")
            yield from {".".join(parts[:n]) for n in range(1, len(parts) + 1)} & WAYS_OUT


def test_nobody_opens_a_way_out_that_is_not_known():
    found = {
        (path.relative_to(ROOT).as_posix(), way)
        for path in sources()
        for way in ways(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found - KNOWN.keys() == set(), "a new way out: it has to refuse exercises, and a test has to prove it"
    assert KNOWN.keys() - found == set(), "these are gone: take them out of the list"


@pytest.mark.parametrize(
    "code",
    [
        "import smtplib",
        "from urllib import request",
        "import urllib.request as quiet",
        "def f():\n    from http.client import HTTPSConnection",
        "await asyncio.open_connection('a', 1)",
        "importlib.import_module('httpx')",
        "os.system('mail')",
    ],
)
def test_a_way_out_is_found_however_it_is_written(code: str):
    tree = ast.parse(f"async def outer():\n    {code}" if code.startswith("await") else code)
    assert set(ways(tree))


def test_what_is_asked_of_a_source_carries_nothing():
    """A request to a board has an address and headers that are written in the code; no body, and no method but GET."""
    tree = ast.parse((ROOT / "feeds/board_live.py").read_text(encoding="utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("Request", "urlopen")
    ]
    assert len(calls) == 2
    for call in calls:
        assert len(call.args) == 1
        assert {word.arg for word in call.keywords} <= {"headers", "timeout"}
        for word in call.keywords:
            if word.arg == "headers":
                assert isinstance(ast.literal_eval(word.value), dict)
