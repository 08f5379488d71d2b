"""What ``relending disclose`` says of bad input: what, where, what to do, in both languages; nothing is written."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from relending.cli import main
from relending.findings import messages
from relending.statement.template import read_template
from relending.statement.wording import NAMES, fields_of
from tests.findings.cases_statement import FUNDED, FUNDED2, KEY, YEAR, applied, plain
from tests.statement.word_files import statement

Q = ("--quarter", "2022Q1")
LANGS = ("en", "zh")
STOP = {"en": "nothing was written", "zh": "未写入任何文件"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of simulated receipts ``out``, one of recorded ones ``received``, and files of all kinds."""
    folder = tmp_path_factory.mktemp("made")
    here = Path.cwd()
    os.chdir(folder)
    try:
        for name, run in (("out", plain()), ("received", applied(FUNDED, FUNDED2, end=YEAR))):
            words = run()
            done = CliRunner().invoke(main, [*words[:2], "--out", name, "--quiet"])
            assert done.exit_code == 0, done.output
    finally:
        os.chdir(here)
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy to work in."""
    shutil.copytree(made, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    yield tmp_path / "here"


def content() -> dict[str, bytes | None]:
    """Every file and folder below the working folder."""
    return {str(p): p.read_bytes() if p.is_file() else None for p in sorted(Path().rglob("*"))}


def disclose(*words: str, run: str = "out", out: str = "new", lang: str = "en") -> Result:
    done = CliRunner().invoke(main, ["disclose", run, *words, "--out", out, "--lang", lang])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert "Traceback" not in done.output and ".relending-" not in done.output
    return done


def refused(code: int, words: tuple[str, ...], said: tuple[str, ...] | dict[str, str], **where: str) -> None:
    """It stops with this exit code, says these words in both languages, and leaves everything as it was."""
    before = content()
    for lang in LANGS:
        done = disclose(*words, lang=lang, **where)
        assert done.exit_code == code, done.output
        for word in said if isinstance(said, tuple) else (said[lang],):
            assert word in done.output, (word, done.output)
    assert content() == before


def stopped(words: tuple[str, ...], code: str, *said: str, **where: str) -> None:
    """It stops with a finding of this code, its message and what to do in the language, and these words."""
    one, before = messages()[code], content()
    for lang in LANGS:
        done = disclose(*words, lang=lang, **where)
        assert done.exit_code == 1, done.output
        for word in (f" {code}: ", one.message[lang], one.fix[lang], STOP[lang], *said):
            assert word in done.output, (word, done.output)
    assert content() == before


# -- run folder -------------------------------------------------------------------------------------------------------


def edited(**changes: object) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        file = run / "manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")

    return change


def _append(run: Path) -> None:
    with (run / "disclosure.csv").open("ab") as file:
        file.write(b" ")


def _folder(run: Path) -> None:
    (run / "manifest.json").unlink()
    (run / "manifest.json").mkdir()


def _file(run: Path) -> None:
    shutil.rmtree(run)
    run.write_text("x", encoding="utf-8")


RUNS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "another format": (edited(format=99), "format 99, expected 1", "格式为 99，应为 1"),
    "a file is missing": (lambda run: (run / "attribution.csv").unlink(), "missing: attribution.csv", "缺少文件"),
    "a file was changed": (_append, "disclosure.csv: changed since", "disclosure.csv：写出后被改动"),
    "a manifest that is no JSON": (
        lambda run: (run / "manifest.json").write_text("{", encoding="utf-8"),
        "manifest.json: damaged",
        "manifest.json：文件已损坏",
    ),
    "a manifest of nothing": (edited(scenario=None), "manifest.json: damaged", "manifest.json：文件已损坏"),
    "a manifest that is a folder": (_folder, "manifest.json: damaged", "manifest.json：文件已损坏"),
    "no manifest": (lambda run: (run / "manifest.json").unlink(), "not a run folder", "不是运行文件夹"),
    "no folder": (shutil.rmtree, "no such folder", "没有这个文件夹"),
    "a file": (_file, "no such folder", "没有这个文件夹"),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_folder_that_is_not_as_it_was_written_is_refused(here: Path, name: str) -> None:
    change, en, zh = RUNS[name]
    change(here / "out")
    refused(1, Q, {"en": en, "zh": zh})


def test_a_run_that_cannot_be_read_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path / "loans.csv"))

    monkeypatch.setattr("relending.runfolder.open_run", locked)
    refused(1, Q, {"en": "loans.csv: cannot be read: no permission", "zh": "loans.csv：无法读取：没有权限"})


# -- which statement --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "quarter", ["2023Q1", "2021Q4", "2022-13", "Q1", "0000Q1", "99999999Q1", "\x1b[31m", "２０２２Q5"]
)
def test_a_quarter_outside_the_run_or_no_quarter_is_told_with_those_there_are(here: Path, quarter: str) -> None:
    stopped(("--quarter", quarter), "statement_quarter", "--quarter", "2022Q1 – 2022Q4")
    assert "\x1b" not in disclose("--quarter", quarter).output


def test_a_quarter_before_the_launch_is_outside(here: Path) -> None:
    words = plain(start="2020-01-01")()
    assert CliRunner().invoke(main, [*words[:2], "--out", "early", "--quiet"]).exit_code == 0
    stopped(("--quarter", "2021Q1"), "statement_quarter", "2021Q4 – 2022Q4", run="early")
    stopped(("--quarter", "2021Q4"), "statement_nothing_new", "icbc cerf 2021Q4", ">= 2022Q1", run="early")


def test_a_lender_or_facility_that_is_not_there_is_told_with_those_that_are(here: Path) -> None:
    for lender in ("boc", "", "=1+1", "不存在的银行"):
        stopped((*Q, "--lender", lender), "statement_lender", "--lender", "icbc")
    for facility in ("cref", ""):
        stopped((*Q, "--facility", facility), "statement_facility", "--facility", "cerf")


def test_every_mistake_is_told_at_once(here: Path) -> None:
    Path("accept.csv").write_text("loan_id,code,by\nJJ001,simulated_receipt,Li\n", encoding="utf-8")
    Path("own.txt").write_text("{{ title }}\n\n{{ bnk }}\n", encoding="utf-8")
    words = ("--quarter", "2030Q1", "--lender", "boc", "--template", "own.txt", "--accept", "accept.csv")
    keys = ("statement_quarter", "statement_lender", "template_field", "own.txt", "missing_column", "accept.csv")
    refused(1, words, keys)
    words = ("--quarter", "x", "--lender", "boc", "--facility", "x", "--template", "no.docx", "--redact", "no.txt")
    keys = ("statement_quarter", "statement_lender", "statement_facility", "file_not_found", "no.docx", "key_not_found")
    refused(1, words, keys)


# -- templates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "held", "code", "said"),
    [
        ("no.docx", None, "file_not_found", "no.docx"),
        ("no.txt", None, "file_not_found", "no.txt"),
        ("empty.docx", b"", "template_unreadable", "empty.docx"),
        ("empty.txt", b"", "template_empty", "empty.txt"),
        ("blank.md", b"\xef\xbb\xbf \n\n", "template_empty", "blank.md"),
        ("old.doc", b"\xd0\xcf\x11\xe0", "template_unreadable", ".docx, .txt, .md"),
        ("old.docx", b"\xd0\xcf\x11\xe0" + b"0" * 99, "template_unreadable", ".doc"),
        ("macros.docm", b"PK\x03\x04", "template_unreadable", ".docm"),
        ("half.docx", b"PK\x03\x04", "template_unreadable", "half.docx"),
        ("none", b"{{ bank }}", "template_unreadable", "none"),
        ("gbk.txt", "标题\n\n正文".encode("gbk"), "template_unreadable", "UTF-8"),
        ("title.txt", b"{{ title }}\n", "template_empty", ">= 2"),
        ("long.txt", b"a\n\n" + b"b" * 200_001, "template_too_large", "200,000"),
        ("huge.txt", b"a" * 900_000, "template_too_large", "200,000"),
        ("field.txt", b"a\n\n{{ bnk }}", "template_field", "row 3|第 3 行"),
        ("hidden.txt", b"a\n\n{% if draft %}{{ bnk }}{% endif %}", "template_field", "bnk"),
        ("code.txt", b"a\n\n{{ bank.__class__ }}", "template_not_allowed", "row 3|第 3 行"),
        ("brace.txt", b"a\n\n{{ bank }\n", "template_syntax", "row 3|第 3 行"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused(
    here: Path, name: str, held: bytes | None, code: str, said: str
) -> None:
    if held is not None:
        Path(name).write_bytes(held)
    words = (*Q, "--template", name)
    stopped(words, code)
    en, _, zh = said.partition("|")
    refused(1, words, {"en": en, "zh": zh or en})


def test_a_template_that_is_a_folder_is_wrong_usage(here: Path) -> None:
    Path("own.docx").mkdir()
    refused(2, (*Q, "--template", "own.docx"), {"en": "is a directory", "zh": "是文件夹"})


def test_a_template_that_is_a_pipe_is_not_waited_for(here: Path) -> None:
    os.mkfifo("own.txt")
    stopped((*Q, "--template", "own.txt"), "template_unreadable", "own.txt")


def test_a_word_template_is_judged_before_the_figures(here: Path) -> None:
    import docx

    made = docx.Document()
    made.add_paragraph("{{ bnk }}")
    made.save("own.docx")
    stopped(
        ("--quarter", "2030Q1", "--template", "own.docx"), "template_field", "own.docx", "bank", "statement_quarter"
    )


def test_the_names_a_template_may_use_are_its_fields() -> None:
    assert set(NAMES) == set(fields_of(statement(), "zh")) and len(NAMES) == len(set(NAMES))


def test_our_own_templates_are_read(tmp_path: Path) -> None:
    from relending.statement.wording import own_template
    from relending.statement.wordtemplate import write_starter

    for lang in LANGS:
        (tmp_path / "own.txt").write_text(own_template(lang), encoding="utf-8")
        assert read_template(tmp_path / "own.txt").text == own_template(lang)
        write_starter(tmp_path / "own.docx", lang)
        assert read_template(tmp_path / "own.docx").word == tmp_path / "own.docx"


# -- accepted points --------------------------------------------------------------------------------------------------

HEAD = "loan_id,code,reason,by\n"


@pytest.mark.parametrize(
    ("held", "code", "said"),
    [
        (None, "file_not_found", ("accept.csv",)),
        ("", "file_empty", ("accept.csv",)),
        ("loan_id,code,by\nJJ001,x,Li\n", "missing_column", ("reason / 理由",)),
        (HEAD + "JJ001,simulated_receipt,,Li\n", "value_missing", ("JJ001", "reason / 理由")),
        (HEAD + "JJ001,simulated_receipt,paid, \n", "value_missing", ("JJ001", "by / 认可人")),
        (HEAD, "statement_open_points", ("JJ001", "JJ002", "simulated_receipt")),
        (HEAD + "JJ009,simulated_receipt,paid,Li\n", "statement_open_points", ("accept_not_open", "JJ009")),
        (HEAD + "JJ001,part_funded,paid,Li\n", "statement_open_points", ("accept_not_open", "part_funded", "JJ001")),
        (HEAD + "JJ001,simulated_receipt,paid,Li\n", "statement_open_points", ("JJ002",)),
    ],
)
def test_accepted_points_that_do_not_do_are_told(
    here: Path, held: str | None, code: str, said: tuple[str, ...]
) -> None:
    if held is not None:
        Path("accept.csv").write_text(held, encoding="utf-8")
    stopped((*Q, "--final", "--accept", "accept.csv"), code, *said)


def test_an_accept_file_of_another_kind_is_refused(here: Path) -> None:
    Path("accept.txt").write_text(HEAD, encoding="utf-8")
    stopped((*Q, "--accept", "accept.txt"), "file_extension", "accept.txt", ".xlsx")
    refused(2, (*Q, "--accept", "out"), {"en": "is a directory", "zh": "是文件夹"})


def test_what_looks_like_a_formula_is_accepted_as_the_text_it_is(here: Path) -> None:
    import openpyxl

    held = HEAD + "JJ001,simulated_receipt,=1+1,@me\nJJ002,simulated_receipt,-paid,+Li\n=cmd|x,simulated_receipt,a,b\n"
    Path("accept.csv").write_text(held, encoding="utf-8")
    done = disclose(*Q, "--final", "--accept", "accept.csv")
    assert done.exit_code == 0 and "accept_not_open" in done.output and "=cmd|x" in done.output
    (paper,) = Path("new/internal").glob("*workpaper*.xlsx")
    book = openpyxl.load_workbook(paper)
    cells = [c for sheet in book for row in sheet for c in row if str(c.value).lstrip("'") in ("=1+1", "@me")]
    assert cells and all(c.data_type == "s" for c in cells)


# -- the list of open points ------------------------------------------------------------------------------------------


def test_the_list_of_open_points_can_be_filled_in_and_given_back(here: Path) -> None:
    import csv

    for lang in LANGS:
        name = f"points-{lang}.csv"
        done = disclose(*Q, "--final", "--to-accept", name, lang=lang)
        assert (
            done.exit_code == 1
            and {"en": f"nothing was written but {name}", "zh": f"除 {name} 外"}[lang] in done.output
        )
        assert not Path("new").exists()
        with Path(name).open(encoding="utf-8-sig", newline="") as file:
            head, *rows = csv.reader(file)
        assert [row[0] for row in rows] == ["JJ001", "JJ002"] and len(head) == 6
        stopped((*Q, "--final", "--accept", name), "value_missing", "JJ001", "reason / 理由", "by / 认可人")
        with Path(name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *([*row[:4], "到账凭证已核", "李"] for row in rows)])
        assert disclose(*Q, "--final", "--accept", name, out=f"final-{lang}", lang=lang).exit_code == 0


@pytest.mark.parametrize(
    ("name", "en", "zh"),
    [
        ("points.txt", "give a .csv or .xlsx file", "应为 .csv 或 .xlsx 文件"),
        ("no/points.csv", "the folder does not exist", "文件夹不存在"),
        ("book.csv", "exists already", "已存在"),
        ("out/points.csv", "outside the run folder", "运行文件夹"),
        ("kept/points.csv", "the archive", "存档"),
        ("out", "", ""),
    ],
)
def test_the_list_of_open_points_replaces_nothing(here: Path, name: str, en: str, zh: str) -> None:
    Path("kept").mkdir()
    refused(2, (*Q, "--to-accept", name, "--published", "kept", "--force"), {"en": en, "zh": zh})


# -- where it writes --------------------------------------------------------------------------------------------------


def test_out_never_replaces_what_is_not_of_this_command(here: Path) -> None:
    Path("mine").mkdir()
    Path("mine/work.txt").write_text("mine", encoding="utf-8")
    Path("link").symlink_to("mine")
    refused(2, Q, {"en": "is a file", "zh": "是文件"}, out="book.csv")
    for name in ("mine", "link"):
        refused(2, Q, {"en": "exists already", "zh": "已存在"}, out=name)
        refused(2, (*Q, "--force"), {"en": "was not written by this command", "zh": "不是本命令写出"}, out=name)
    for name in ("out", "out/new", ".", "out/../out/statements"):
        refused(2, (*Q, "--force"), {"en": "a run folder never changes", "zh": "运行文件夹不应修改"}, out=name)


def test_a_place_that_cannot_be_written_to_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(
        1,
        Q,
        {"en": "not written: a part of the path is not a folder", "zh": "路径中有一部分不是文件夹"},
        out="book.csv/x",
    )
    refused(1, Q, {"en": "the name is too long", "zh": "名称过长"}, out="x" * 300)

    def no_room(**where: str) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", f"{where['dir']}/.relending-x.partial")

    monkeypatch.setattr("tempfile.mkdtemp", no_room)
    refused(1, Q, {"en": "new: not written: no permission", "zh": "new：无法写入，未作改动：没有权限"})


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_an_archive_that_cannot_be_written_to_leaves_no_statement(
    here: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error), str(self))

    words = (*Q, "--final", "--published", "kept")
    with monkeypatch.context() as patch:
        patch.setattr("relending.statement.archive._put", lambda place, *_: refuse(place))
        for lang in LANGS:
            done = disclose(*words, run="received", lang=lang)
            assert done.exit_code == 1 and {"en": "kept: not written: ", "zh": "kept：无法写入"}[lang] in done.output
            assert not Path("new").exists() and not any(p.is_file() for p in Path("kept").rglob("*"))
    assert disclose(*words, run="received").exit_code == 0


# -- the archive ------------------------------------------------------------------------------------------------------


def test_an_archive_that_is_a_file_is_wrong_usage(here: Path) -> None:
    refused(2, (*Q, "--published", "book.csv"), {"en": "is a file", "zh": "是文件"})
    refused(2, (*Q, "--published", "book.csv/x"), {"en": "is no folder", "zh": "不是文件夹"})
    for name in ("out", "out/kept", ".", "new"):
        refused(2, (*Q, "--published", name), {"en": "keep published statements apart", "zh": "分开"})


def test_what_goes_together_is_told_at_once(here: Path) -> None:
    refused(2, (*Q, "--amend"), ("--published", "--reason"))
    refused(2, (*Q, "--and-later", "--reason", "x"), ("--and-later", "--reason", "--amend"))
    refused(2, (*Q, "--amend", "--published", "kept", "--reason", " "), ("--reason",))


@pytest.mark.parametrize("decimals", ["2", "2,2", "2,2,2,2", "a,b,c", "7,2,2", "-1,2,2", "", "２,²,2"])
def test_decimals_are_three_small_numbers(here: Path, decimals: str) -> None:
    refused(2, (*Q, "--decimals", decimals), ("--decimals", "2,2,2"))


@pytest.mark.parametrize("day", ["2022-02-30", "soon", "2022-03-31", "2021-12-31", ""])
def test_a_day_that_there_is_not_or_that_comes_too_early_is_told(here: Path, day: str) -> None:
    stopped((*Q, "--date", day), "statement_date", "2022-03-31")


@pytest.mark.parametrize("day", ["2022-04-20", "2022/4/20", "2022年4月20日", "20220420"])
def test_a_day_may_be_written_as_in_a_book(here: Path, day: str) -> None:
    assert disclose(*Q, "--date", day, out="dated", lang="zh").exit_code == 0
    assert "2022年4月20日" in next(Path("dated/statements").glob("*.md")).read_text(encoding="utf-8")


@pytest.mark.parametrize("quarter", ["2022Q1", "2022q1", "2022年第一季度", "２０２２Ｑ１"])
def test_a_quarter_may_be_written_as_in_a_book(here: Path, quarter: str) -> None:
    assert disclose("--quarter", quarter, out="written").exit_code == 0


def test_what_was_published_is_neither_replaced_nor_amended_without_a_change(here: Path) -> None:
    words = (*Q, "--published", "kept")
    stopped((*words, "--amend", "--reason", "typo"), "published_nothing", "icbc/cerf/2022Q1", "v1", run="received")
    assert disclose(*words, "--final", run="received", out="first").exit_code == 0
    stopped((*words, "--final"), "published_exists", "2022Q1 v1", "--amend", run="received")
    stopped((*words, "--amend", "--reason", "typo"), "published_same", "icbc/cerf/2022Q1/v1", run="received")


def _unlinked(version: Path) -> None:
    next((version / "statements").glob("*.docx")).unlink()


def _changed(version: Path) -> None:
    (version / "internal/loans.parquet").write_bytes(b"PAR1")


def _broken(version: Path) -> None:
    (version / "internal/record.json").write_text("{", encoding="utf-8")


def _linked(version: Path) -> None:
    version.rename(version.with_name("v9x"))
    version.symlink_to("v9x")


@pytest.mark.parametrize("change", [_unlinked, _changed, _broken, _linked])
def test_an_archive_that_was_touched_is_refused(here: Path, change: Callable[[Path], None]) -> None:
    words = ("--published", "kept")
    assert disclose(*Q, *words, "--final", run="received", out="first").exit_code == 0
    change(Path("kept/icbc/cerf/2022Q1/v1"))
    stopped(("--quarter", "2022Q2", *words), "published_damaged", "icbc/cerf/2022Q1/v1", run="received")


def test_the_key_of_the_archive_is_asked_for(here: Path) -> None:
    Path("key.txt").write_text(KEY, encoding="utf-8")
    Path("other.txt").write_text(KEY[::-1], encoding="utf-8")
    words = ("--published", "kept")
    done = disclose(*Q, *words, "--final", "--redact", "key.txt", run="received", out="first")
    assert done.exit_code == 0, done.output
    for key in ((), ("--redact", "other.txt")):
        stopped(
            ("--quarter", "2022Q2", *words, *key), "published_key", "--redact", "icbc/cerf/2022Q1/v1", run="received"
        )


# -- the bank's name --------------------------------------------------------------------------------------------------


def test_an_id_is_no_name_of_a_bank(here: Path) -> None:
    from tests.findings.cases_statement import _nameless

    words = _nameless()
    assert CliRunner().invoke(main, [*words[:2], "--out", "mine", "--quiet"]).exit_code == 0
    stopped((*Q, "--final"), "statement_bank_name", "mybank", run="mine")
    assert disclose(*Q, run="mine").exit_code == 0


def test_of_many_lenders_some_are_named_where_one_must_be_chosen() -> None:
    from relending.cli.run_folders import lender_among
    from relending.findings import InputError

    with pytest.raises(InputError) as stop:
        lender_among([f"bank{n}" for n in range(2_000)], {"scenario": {"lenders": {}}}, None, "statement_lender")
    (line,) = stop.value.findings.lines("en")
    assert "bank19 … (2,000)" in line and "bank20" not in line
