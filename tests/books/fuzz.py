"""Feeds the readers spoilt copies of the books: ``python -m tests.books.fuzz --minutes 5``.

Whatever a file holds, reading it gives a book or an InputError: no other error, no end of the process, no wait without
end, no more memory than set; and what it gives does not depend on the size of blocks. Case n of a seed is the same
file as long as the books are, so that what is found can be made again: ``--seed 7 --first 1234 --cases 1``.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import random
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.books.book import OUTCOMES
from tests.books.make import files
from tests.books.sheets import zipped

SECONDS = 60
"""A case that takes longer hangs; on a busy machine the largest takes a few."""
MEMORY = 6 << 30
"""Address space of the process that reads, most of which its libraries reserve and never use."""
LEFT_OUT = ("zip-bomb.xlsx", "many-sheets.xlsx", "parts/.hidden.parquet", "no-parquet/readme.txt", "empty.csv")

TEXTS = [
    *(
        "",
        " ",
        "0",
        "-1",
        "1e999",
        "NaN",
        "inf",
        "9" * 400,
        "0.1" + "0" * 60 + "1",
        "1,234,567.89",
        "１２３",
        "%",
        "3.85%",
    ),
    *("2022-02-30", "0000-00-00", "9999-12-31", "2022年1月", "44566", "1900-02-29", "'", '"', "''0012", "=1+1", "#N/A"),
    *(
        "\x00",
        "\u200b",
        "\ufeff",
        "\u202e",
        "𠮷",
        "\ud7ff",
        "合计",
        "小计",
        "制表",
        "示例",
        "是",
        "否",
        "按季",
        "单位：万元",
    ),
    *("借据编号", "贷款金额", "贷款金额（亿元）", "合同金额", "rate", "TRUE", "a" * 10_001, "\r", "\n", ",", ";", "\t"),
]
XML = [
    *(
        b"<c>",
        b"</c>",
        b"</row>",
        b"<row r='0'>",
        b't="s"',
        b't="e"',
        b't="d"',
        b'r="A0"',
        b'r="XFD1048576"',
        b'r="ZZZZ9"',
    ),
    *(
        b"<v>99999999999</v>",
        b"<v>-1</v>",
        b"<v></v>",
        b"<v>1e400</v>",
        b"<f>",
        b"<!--",
        b"]]>",
        b"&amp;",
        b"&#0;",
        b"&x;",
    ),
    *(b'hidden="1"', b'date1904="1"', b'<mergeCell ref="A1:XFD1048576"/>', b'<mergeCell ref="B9:A1"/>', b"\xff", b'">'),
]


@dataclass(frozen=True)
class Failure:
    """What a case did that no reader may do."""

    case: int
    name: str
    what: str


def _bytes(data: bytes, r: random.Random, others: list[bytes]) -> bytes:
    out = bytearray(data)
    for _ in range(r.choice((1, 1, 2, 8))):
        at = r.randrange(len(out) + 1)
        to = min(len(out), at + r.choice((1, 1, 4, 64, 1000)))
        how = r.randrange(6)
        if how == 0:
            out[at:to] = bytes(r.randrange(256) for _ in range(to - at))
        elif how == 1:
            del out[at:to]
        elif how == 2:
            out[at:at] = out[at:to] * r.choice((1, 3, 50))
        elif how == 3:
            out[at:at] = r.choice((b"\x00", b"\xff", b'"', b"\n", b"\r", b",", b"\xef\xbb\xbf", b"\x1a"))
        elif how == 4:
            del out[at:]
        else:
            other = r.choice(others)
            out[at:to] = other[: r.randrange(len(other) + 1)][-500:]
    return bytes(out)


def _cells(data: bytes, r: random.Random, others: list[bytes]) -> bytes:
    rows = [line.split(b",") for line in data.split(b"\n")]
    for _ in range(r.choice((1, 2, 5))):
        row = r.choice(rows)
        at = r.randrange(len(row))
        text = r.choice(TEXTS)
        value = text.encode("utf-8", "replace")
        how = r.randrange(4)
        if how == 0:
            row.insert(at, value)
        elif how == 1 and len(row) > 1:
            del row[at]
        elif how == 2:
            rows.insert(r.randrange(len(rows)), list(r.choice(rows)))
        else:
            row[at] = b'"' + value.replace(b'"', b'""') + b'"' if any(c in text for c in ',"\r\n') else value
    return b"\n".join(b",".join(row) for row in rows)


def _parts(data: bytes, r: random.Random, others: list[bytes]) -> bytes:
    """A zip with its parts changed, left out, given twice or swapped."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as z:
            parts = {name: z.read(name) for name in z.namelist()}
    except (zipfile.BadZipFile, OSError, EOFError):
        return _bytes(data, r, others)
    for _ in range(r.choice((1, 1, 3))):
        if not parts:
            break
        name = r.choice([*parts, *(n for n in parts if "sheet" in n or "content" in n)])
        how = r.randrange(8)
        if how == 0:
            del parts[name]
        elif how == 1:
            parts[name] = _bytes(parts[name], r, others)
        elif how == 2:
            parts[name + r.choice(("2", "/../x", ".bin"))] = parts[name]
        elif how == 3:
            parts[name] = parts[r.choice(list(parts))]
        else:
            content = parts[name]
            for _ in range(r.choice((1, 2, 6))):
                at = r.choice([i for i, byte in enumerate(content) if byte in b'<>"'] or [0])
                piece = r.choice(XML) if r.random() < 0.6 else r.choice(TEXTS).encode("utf-8", "replace")
                content = content[:at] + piece + content[at + r.choice((0, 0, 1, len(piece), 40)) :]
            parts[name] = content
    return zipped(parts)


def cases(seed: int) -> Callable[[int], tuple[str, bytes]]:
    """Case n of a seed: a file's name and what it holds."""
    left_out = {*LEFT_OUT, *(name for name, must in OUTCOMES.items() if "fails" in must)}
    books = {name: content for name, content in files().items() if name not in left_out}
    names, others = sorted(books), list(books.values())

    def case(n: int) -> tuple[str, bytes]:
        r = random.Random(f"{seed}:{n}")
        name = r.choice(names)
        ending = Path(name).suffix
        kinds = {".csv": [_cells, _cells, _bytes], ".xlsx": [_parts, _parts, _parts, _bytes], ".ods": [_parts, _bytes]}
        content = r.choice(kinds.get(ending, [_bytes]))(books[name], r, others)
        if r.random() < 0.03:
            ending = r.choice((".csv", ".xlsx", ".xls", ".xlsb", ".ods", ".parquet"))
        return f"case{ending if ending != '.pdf' else '.xls'}", content

    return case


def read(path: Path) -> str:
    """``reads`` or ``stops``; raises whatever is neither."""
    from relending.book import read_book
    from relending.findings import InputError

    seen: list[tuple[str, Any, Any]] = []
    for rows in (2**20, 2):
        try:
            book = read_book(path, block_rows=rows)
            seen.append(("reads", book.loans, book.findings.frame()))
        except InputError as stop:
            seen.append(("stops", None, stop.findings.frame()))
            assert stop.findings.count("error")
            stop.findings.digest("zh")
    (one, loans, found), (two, same, again) = seen
    assert one == two and found.equals(again), "what comes out depends on the size of blocks"
    assert loans is None or loans.equals(same), "the loans depend on the size of blocks"
    return one


def _serve(pipe: Any, memory: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    except ImportError:  # not on Windows
        pass
    warnings.simplefilter("error")
    while (path := pipe.recv()) is not None:
        try:
            pipe.send(("", read(Path(path))))
        except Exception:  # that is what is looked for
            pipe.send((traceback.format_exc(limit=-4), ""))


class _Reader:
    """A process that reads files one after the other; a new one takes its place when it ends or hangs."""

    def __init__(self, seconds: float, memory: int) -> None:
        self._seconds, self._memory = seconds, memory
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs, self._memory), daemon=True)
        self._process.start()
        theirs.close()

    def __call__(self, path: Path) -> tuple[str, str]:
        """What went wrong, and what came out."""
        self._pipe.send(str(path))
        wrong = f"no answer in {self._seconds} s"
        try:
            if self._pipe.poll(self._seconds):
                answer: tuple[str, str] = self._pipe.recv()
                return answer
        except (EOFError, OSError):
            self._process.join(5)
            wrong = f"the process ended ({self._process.exitcode})"
        self.stop()
        self._start()
        return wrong, ""

    def stop(self) -> None:
        self._process.kill()
        self._process.join()


def run(numbers: Iterator[int], seed: int, keep: Path | None = None) -> tuple[Counter[str], list[Failure]]:
    """Reads the cases of these numbers: how many came out how, and what failed (kept in ``keep``)."""
    case, counts, failures = cases(seed), Counter[str](), []
    reader = _Reader(SECONDS, MEMORY)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for n in numbers:
                name, content = case(n)
                path = Path(folder) / name
                path.write_bytes(content)
                wrong, outcome = reader(path)
                path.unlink()
                counts[outcome or "fails"] += 1
                if wrong:
                    failures.append(Failure(n, name, wrong))
                    if keep is not None:
                        keep.mkdir(parents=True, exist_ok=True)
                        (keep / f"{seed}-{n}{Path(name).suffix}").write_bytes(content)
    finally:
        reader.stop()
    return counts, failures


def main() -> int:
    """The command line: exit code 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--cases", type=int, help="so many cases instead of so many minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files that failed")
    given = parser.parse_args()
    until = time.monotonic() + given.minutes * 60

    def numbers() -> Iterator[int]:
        n = given.first
        while n < given.first + given.cases if given.cases is not None else time.monotonic() < until:
            yield n
            n += 1

    counts, failures = run(numbers(), given.seed, given.keep)
    print(", ".join(f"{what} {n:,}" for what, n in sorted(counts.items())))
    said: Counter[str] = Counter()
    for one in failures:
        last = one.what.strip().splitlines()[-1]
        said[last] += 1
        if said[last] <= 3:
            print(f"\ncase {one.case} of seed {given.seed} ({one.name}):\n{one.what}")
    for last, n in said.most_common():
        print(f"{n:>6,} x {last}")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
