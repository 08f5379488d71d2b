"""No socket is opened and no name looked up: the product works, and tells nobody, on a computer without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from relending.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[2]

GUARD = """
import socket, sys

def refused(*given, **named):
    sys.stderr.write("a socket was asked for\\n")
    import os
    os._exit(77)

class Socket(socket.socket):
    def __new__(cls, *given, **named):
        refused()

socket.socket = socket.SocketType = Socket
import _socket
_socket.socket = Socket
for name in ("create_connection", "create_server", "socketpair", "fromfd", "getaddrinfo", "gethostbyname",
             "gethostbyname_ex", "gethostbyaddr", "getfqdn", "getnameinfo"):
    setattr(socket, name, refused)
    if hasattr(_socket, name):
        setattr(_socket, name, refused)
"""

LOAN = "SF2022062101"
COMMANDS = [
    ("run", "demo", "--out", "demo"),
    ("run", "national/original", "--out", "national", "--quiet"),
    ("check", "demo"),
    ("synth", "big.parquet", "--loans", "50"),
    ("run", "big.toml", "--out", "big", "--quiet"),
    ("policy", "cerf"),
    ("data", "statements", "--out", "statements.dta"),
    ("explain", "demo", LOAN),
    ("template", "t.xlsx"),
    ("template", "t.docx"),
    ("key", "secret.key"),
    ("run", "ledger", "--out", "ledger", "--quiet"),
    (
        "disclose",
        "ledger",
        "--quarter",
        "2024Q2",
        "--out",
        "statement",
        "--template",
        "t.docx",
        "--redact",
        "secret.key",
    ),
    ("plot", "demo", "blended_cost", "tranches", "--format", "svg,png,pdf", "--lang", "zh"),
    ("sweep", "demo", "--vary", "facility.cerf.ratio=0.4,0.6", "--out", "swept", "--quiet"),
    ("plot", "swept", "margin", "--out", "figures/swept"),
    ("verify", "demo"),
    ("diff", "demo", "big"),
]


def run(folder: Path, code: str, *start: str, words: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [*start, sys.executable, "-c", code, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


def test_the_guard_of_these_tests_guards(tmp_path: Path) -> None:
    for wanted in (
        "import socket; socket.socket()",
        "import urllib.request; urllib.request.urlopen('http://localhost:9/')",
        "import http.client; http.client.HTTPConnection('localhost', 9).request('GET', '/')",
        "from socket import getaddrinfo; getaddrinfo('localhost', 80)",
    ):
        assert run(tmp_path, GUARD + wanted).returncode == 77, wanted


def carry_out(folder: Path, *start: str) -> None:
    for words in COMMANDS:
        if words[0] not in VERBS:
            continue  # a verb of a later version
        done = run(folder, GUARD + "from relending.cli import main\nmain()", *start, words=words)
        assert done.returncode in ((0, 1) if words[0] in ("check", "diff") else (0,)), (words, done.stderr)
        assert "socket" not in done.stderr and "Traceback" not in done.stderr


def test_no_verb_opens_a_socket_or_looks_up_a_name(tmp_path: Path) -> None:
    carry_out(tmp_path)


def test_the_verbs_work_where_there_is_no_network_at_all(tmp_path: Path) -> None:
    start = ("unshare", "-rn")
    if shutil.which("unshare") is None or subprocess.run([*start, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no way to take the network away here (unshare -rn)")
    carry_out(tmp_path, *start)


def test_nothing_in_the_package_speaks_to_a_network() -> None:
    speaks = re.compile(
        r"^\s*(?:import|from)\s+(?:socket|ssl|ftplib|smtplib|http|urllib\.request|urllib3|requests|httpx|aiohttp|xmlrpc)\b"
    )
    found = [
        f"{path.relative_to(ROOT)}:{n}: {line.strip()}"
        for path in sorted((ROOT / "relending").rglob("*.py"))
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if speaks.match(line)
    ]
    assert found == []
