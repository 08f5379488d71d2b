"""Full disk, unwritable folder, file open elsewhere: one clear line, the exit code, nothing damaged or half-written."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from relending import outfile
from relending.cli import main
from relending.findings import Findings
from relending.runfolder import RunFolderError, open_run, save, verify
from relending.runfolder.write import write_table

ROOT = Path(__file__).resolve().parents[2]
MakeRun = Callable[[int], Any]
posix = pytest.mark.skipif(os.name != "posix", reason="limits and file modes are POSIX")
HEADER = "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence"
BAD = f"{HEADER}\nL1,P1,wind,1000000,4.35,2022-01-05,2030-01-05,5000000,100,eia\n"


def relending(
    *words: str | Path, before: str = "", start: Sequence[str] = (), **more: Any
) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own; ``before`` is Python that runs first, ``start`` what starts it."""
    code = f"{before}\nfrom relending.cli import main\nmain()"
    given = {"env": {**os.environ, "PYTHONPATH": str(ROOT), "RELENDING_LANG": "en", "MPLCONFIGDIR": "/tmp"}, **more}
    return subprocess.run(
        [*start, sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, timeout=300, **given
    )


def said_in_one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().splitlines()
    assert "Traceback" not in done.stderr and all(word in lines[-1] for word in words), done.stderr


def everything(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# ---- a full disk


LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"


@posix
@pytest.mark.parametrize("most", [0, 500, 4_000, 10_000])
def test_a_run_that_meets_the_limit_of_a_file_leaves_the_former_run_as_it_was(tmp_path: Path, most: int) -> None:
    target = tmp_path / "run"
    assert relending("run", "demo", "--out", target, "--quiet").returncode == 0
    before = everything(tmp_path)
    done = relending("run", "demo/outstanding", "--out", target, "--force", "--quiet", before=LIMIT.format(most))
    said_in_one_line(done, 1, str(target), "cannot be written", "full")
    assert everything(tmp_path) == before and verify(target) == []


@posix
def test_parquet_files_and_pictures_meet_the_same_limit(tmp_path: Path) -> None:
    parquet = "import relending.runfolder.tables as t; t.LOANS_IN_CSV = 5\n"
    for before in (parquet + LIMIT.format(3_000), LIMIT.format(12_000)):
        done = relending("run", "national/original", "--out", tmp_path / "new" / "run", "--quiet", before=before)
        said_in_one_line(done, 1, "cannot be written", "full")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small disk, as Linux does")
@pytest.mark.parametrize("size", ["4k", "16k", "64k"])
def test_a_run_on_a_disk_that_is_full_leaves_nothing(tmp_path: Path, size: str) -> None:
    script = (
        'mount -t tmpfs -o size="$2" none "$1" || exit 99\n'
        '"$3" -m relending run demo --out "$1/new/run" --quiet; echo "code $?"; '
        '"$3" -m relending check "$4" --lender icbc --findings "$1/f.csv" >"$4.said" 2>&1; echo "code $?"; ls -A "$1"'
    )
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    (tmp_path / "disk").mkdir()
    book = tmp_path / "book.csv"
    row = BAD.splitlines()[1]
    book.write_text("\n".join([HEADER, *(row.replace("L1", f"L{n}") for n in range(500))]) + "\n", encoding="utf-8")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(tmp_path / "disk"), size, sys.executable, str(book)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "RELENDING_LANG": "zh"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    assert done.stdout == "code 1\ncode 1\n", done.stdout + done.stderr
    assert "无法写入：磁盘已满" in done.stderr and "Traceback" not in done.stderr
    assert "检查事项无法写入：磁盘已满" in Path(f"{book}.said").read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", [("policy", "cerf"), ("check", "demo"), ("--help",)])
def test_a_screen_that_is_a_full_disk_is_one_line_too(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "relending", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=300,
        )
    assert done.returncode == 1 and done.stderr.splitlines() == [
        "the disk is full or its limit is reached / 磁盘已满或达到限额"
    ]


# ---- a folder that may not be written, read or entered


@pytest.fixture
def others() -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder, and how to start a process that modes hold for: a superuser's has to give its powers away first."""
    folder = Path(tempfile.mkdtemp())
    someone: dict[str, Any] = {}
    if os.getuid() == 0:
        someone = {"start": ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")}
        (folder / "shut").mkdir(mode=0o555)
        try:
            subprocess.run([*someone["start"], "touch", folder / "shut" / "probe"], capture_output=True, check=False)
        except OSError as error:
            shutil.rmtree(folder)
            pytest.skip(f"the superuser cannot give its powers away here: {error}")
        written = (folder / "shut" / "probe").exists()
        shutil.rmtree(folder / "shut")
        if written:
            shutil.rmtree(folder)
            pytest.skip("modes do not hold for the superuser, who cannot give that power away here")
    yield folder, someone
    for place in [folder, *folder.rglob("*")]:
        place.chmod(0o700)
    shutil.rmtree(folder)


@posix
def test_a_folder_that_may_not_be_written_is_told_and_left(others: tuple[Path, dict[str, Any]]) -> None:
    folder, someone = others
    (folder / "shut").mkdir()
    (folder / "shut").chmod(0o555)
    (folder / "book.csv").write_text(BAD, encoding="utf-8")
    for out in ("shut/run", "shut/deep/run"):
        done = relending("run", "demo", "--out", folder / out, "--quiet", **someone)
        said_in_one_line(done, 1, out, "cannot be written", "no permission")
    done = relending(
        "check", folder / "book.csv", "--lender", "icbc", "--findings", folder / "shut" / "f.csv", **someone
    )
    said_in_one_line(done, 1, "f.csv", "cannot be written", "no permission")
    done = relending("synth", folder / "shut" / "b.csv", "--loans", "3", **someone)
    said_in_one_line(done, 1, "b.csv", "cannot be written")
    assert list((folder / "shut").iterdir()) == []


@posix
def test_a_folder_that_may_not_be_entered_is_told(others: tuple[Path, dict[str, Any]]) -> None:
    folder, someone = others
    (folder / "dark").mkdir()
    (folder / "dark" / "run").mkdir()
    (folder / "dark").chmod(0o000)
    inside = folder / "dark" / "run"
    for words in (
        ("run", "demo", "--out", inside, "--quiet"),
        ("run", "demo", "--out", inside, "--force", "--quiet"),
        ("run", inside / "s.toml"),
        ("check", inside / "book.csv"),
        ("explain", inside, "L1"),
    ):
        done = relending(*words, **someone)
        assert done.returncode in (1, 2) and "Traceback" not in done.stderr, done.stderr
        assert done.stderr.strip(), words


@pytest.mark.parametrize(
    "words",
    [
        ("run", "x" * 5000),
        ("check", "x" * 5000),
        ("explain", "x" * 5000, "L1"),
        ("run", "demo", "--quiet", "--out", "x" * 5000),
        ("run", "demo", "--quiet", "--findings", "x" * 5000 + ".csv"),
        ("synth", "x" * 5000 + ".csv"),
    ],
)
def test_a_name_no_disk_can_hold_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = relending(*words, cwd=tmp_path)
    assert done.returncode in (1, 2) and "Traceback" not in done.stderr and done.stderr.strip()
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = relending("run", "demo", "--out", tmp_path / "file" / "run", "--quiet")
    said_in_one_line(done, 1, "cannot be written", "not a folder")
    assert everything(tmp_path) == {"file": b"mine"}


# ---- a file that is open in another program, where the system then refuses to replace it (Windows)


def refuse_to_move(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def held(real: Callable[..., Any]) -> Callable[..., Any]:
        def asked(source: Any, target: Any, **more: Any) -> Any:
            if name in (Path(source).name, Path(target).name):
                raise PermissionError(errno.EACCES, "held open", str(source))
            return real(source, target, **more)

        return asked

    monkeypatch.setattr(os, "rename", held(os.rename))
    monkeypatch.setattr(os, "replace", held(os.replace))


def test_a_run_folder_that_is_open_elsewhere_is_left_as_it_is(
    small_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = save(small_run(3), tmp_path / "run")
    refuse_to_move(monkeypatch, "run")
    with pytest.raises(RunFolderError) as caught:
        save(small_run(4), out, force=True)
    assert "open in another program" in caught.value.en and "请先关闭" in caught.value.zh
    assert len(open_run(out).loans) == 3 and [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_list_of_findings_that_is_open_elsewhere_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "book.csv").write_text(BAD, encoding="utf-8")
    words = ["check", str(tmp_path / "book.csv"), "--lender", "icbc", "--findings", str(tmp_path / "f.csv")]
    assert CliRunner().invoke(main, words).exit_code == 1
    before = everything(tmp_path)
    refuse_to_move(monkeypatch, "f.csv")
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1 and "open in another program" in done.stderr
    assert everything(tmp_path) == before


# ---- a list of findings never replaces anything else


def test_a_list_of_findings_replaces_a_former_one_and_nothing_else(tmp_path: Path) -> None:
    book = tmp_path / "book.csv"
    book.write_text(BAD, encoding="utf-8")

    def check(findings: str, *more: str) -> Any:
        words = ["check", str(book), "--lender", "icbc", "--findings", str(tmp_path / findings), *more]
        return CliRunner().invoke(main, words)

    write_table("findings", Findings.one("file_empty", file="former.csv").frame(), tmp_path / "f.csv")
    assert check("f.csv").exit_code == 1
    assert (
        b"former.csv" not in (tmp_path / "f.csv").read_bytes()
        and b"rate_ambiguous" in (tmp_path / "f.csv").read_bytes()
    )
    (tmp_path / "mine.csv").write_text("severity,of,mine\n")
    (tmp_path / "empty.csv").touch()
    assert check("empty.csv").exit_code == 1 and (tmp_path / "empty.csv").stat().st_size
    before = everything(tmp_path)
    for name, said in {
        "book.csv": "no list of findings",
        "mine.csv": "no list of findings",
        "none/f.csv": "does not exist",
        "f.txt": "give a .csv or .xlsx file",
        ".": "",
    }.items():
        done = check(name)
        assert done.exit_code == 2 and said in done.output and "Traceback" not in done.output
    assert "不是检查事项清单" in check("book.csv", "--lang", "zh").output
    assert everything(tmp_path) == before


def test_a_list_of_findings_is_not_put_into_a_run_folder(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert CliRunner().invoke(main, ["run", "demo", "--out", str(out), "--quiet"]).exit_code == 0
    before = everything(tmp_path)
    words = ["run", "demo", "--out", str(out), "--force", "--quiet", "--findings", str(out / "f.csv")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2 and "put it elsewhere" in done.output and everything(tmp_path) == before


def test_a_reason_is_said_in_both_languages_for_whatever_the_system_calls_it() -> None:
    for code in (errno.ENOSPC, errno.EACCES, errno.ENOENT, errno.EROFS, errno.ENAMETOOLONG, errno.ENOTDIR):
        en, zh = outfile.reason(OSError(code, "as the system has it"))
        assert en.isascii() and not zh.isascii()
    assert outfile.reason(OSError(errno.EPIPE, "Broken pipe")) == ("Broken pipe", "Broken pipe")


@posix
def test_a_workbook_on_a_full_disk_is_what_the_system_said(tmp_path: Path) -> None:
    code = (
        f"{LIMIT.format(500)}\nfrom pathlib import Path\nfrom relending.outfile import whole_file\n"
        "from relending.spreadsheet import workbook\ntry:\n"
        "  with whole_file(Path('b.xlsx')) as room, workbook(room) as book: book.add_worksheet('a')\n"
        "except OSError as error: print(error.errno)\nraise SystemExit"
    )
    done = relending(before=code, cwd=tmp_path)
    assert done.stdout == f"{errno.EFBIG}\n", done.stderr
    assert list(tmp_path.iterdir()) == []
