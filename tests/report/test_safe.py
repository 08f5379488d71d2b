"""The page is the same bytes whoever makes it; no text of others steers it; redacted, it names nobody."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner

import relending as rl
from relending.cli import main
from relending.runfolder import FolderExists, RunFolderError
from tests.report.pages import HOSTILE, hostile_run, page, run_of, said, tree

KEY = b"a key for tests, of more than 16 bytes"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration as it is saved."""
    return run_of("demo").save(tmp_path_factory.mktemp("saved") / "demo")


def test_the_page_and_its_pictures_are_listed_in_the_record_and_verified(saved: Path) -> None:
    outputs = rl.open_run(saved).manifest["outputs"]
    pictures = sorted(path.name for path in (saved / "figures").iterdir())
    assert outputs["report.html"]["confidentiality"] == "internal"
    assert pictures and all(f"figures/{name}" in outputs for name in pictures)
    assert rl.verify(saved) == []


def test_the_pictures_in_the_page_are_the_very_files_beside_it(saved: Path) -> None:
    found = tree((saved / "report.html").read_bytes())
    inside = [b64decode(one.get("src").partition(",")[2]) for one in found.xpath("//img")]
    beside = [(saved / one.get("href")).read_bytes() for one in found.xpath("//figcaption//a")]
    assert inside == beside
    assert len(inside) == len(list((saved / "figures").glob("*.svg"))) > 2
    assert all(one.get("alt") for one in found.xpath("//img"))


def test_every_file_the_page_leads_to_is_there(saved: Path) -> None:
    found = tree((saved / "report.html").read_bytes())
    links = {one.get("href") for one in found.xpath("//a")}
    ids = {f"#{one.get('id')}" for one in found.xpath("//*[@id]")}
    assert {one for one in links if one.startswith("#")} <= ids
    assert all((saved / one).is_file() for one in links if not one.startswith("#"))


def test_the_same_run_has_the_same_page_in_any_locale_and_hash_order(saved: Path, tmp_path: Path) -> None:
    code = "import sys, relending as rl; rl.run('demo').save(sys.argv[1])"
    more = {"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai", "RELENDING_LANG": "zh", "LC_ALL": "C"}
    command = [sys.executable, "-c", code, str(tmp_path / "other")]
    subprocess.run(command, check=True, env={**os.environ, **more, "PYTHONPATH": str(ROOT)}, cwd=tmp_path)
    names = ["report.html", *(f"figures/{path.name}" for path in (saved / "figures").iterdir())]
    for name in names:
        assert (tmp_path / "other" / name).read_bytes() == (saved / name).read_bytes(), name


def test_no_report_leaves_out_page_and_pictures(tmp_path: Path) -> None:
    run = CliRunner().invoke(main, ["run", "demo", "--out", str(tmp_path / "a"), "--no-report"])
    assert run.exit_code == 0
    assert "report.html" not in run.output
    assert not (tmp_path / "a" / "report.html").exists() and not (tmp_path / "a" / "figures").exists()
    run_of("demo").save(tmp_path / "b", report=False)
    assert not (tmp_path / "b" / "report.html").exists()
    assert rl.verify(tmp_path / "a") == rl.verify(tmp_path / "b") == []


@pytest.mark.parametrize(("lang", "said_of_it"), [("zh", "全部结果一页看完"), ("en", "everything on one page")])
def test_a_run_ends_with_where_its_page_is(tmp_path: Path, lang: str, said_of_it: str) -> None:
    out = CliRunner().invoke(main, ["run", "ledger", "--out", str(tmp_path / "r"), "--lang", lang]).output
    assert any("report.html" in line and said_of_it in line for line in out.splitlines())


def test_an_older_folder_gets_its_page_elsewhere(saved: Path, tmp_path: Path) -> None:
    made = rl.write_report(saved, tmp_path / "new" / "old.html")
    alone, inside = tree(made.read_bytes()), tree((saved / "report.html").read_bytes())
    both = [said(one.xpath("//section[@id='figures']")[0], "en") for one in (alone, inside)]
    assert both[0] == both[1]
    assert [one for one in alone.xpath("//a/@href") if not one.startswith("#")] == []  # its links would lead nowhere
    with pytest.raises(FolderExists, match="exists already"):
        rl.write_report(saved, made)
    with pytest.raises(RunFolderError, match="never changes"):
        rl.write_report(saved, saved / "figures" / "new.html")
    assert rl.verify(saved) == []


def test_a_redacted_run_has_hashes_and_no_name(tmp_path: Path) -> None:
    run = run_of("demo")
    run.save(tmp_path / "r", redact=KEY)
    text = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    loans = run.tables["loans"]
    for column in ("loan_id", "borrower", "project_name", "project_id", "evidence_doc", "publish_name"):
        hidden = [name for name in loans[column].dropna().unique() if len(name) > 3]
        assert hidden and not [name for name in hidden if name in text], column
    assert re.search(r"L-[0-9a-f]{16}", text)
    assert "redacted (key" in text


def test_hostile_texts_are_texts(tmp_path: Path) -> None:
    made = page(hostile_run(tmp_path))
    text = made.decode("utf-8")
    found = tree(made)
    assert len(found.xpath("//script")) == 1 and not found.xpath("//svg|//*[@onerror]|//*[@onload]|//iframe|//object")
    assert found.xpath("//img/@src") == []
    assert "<script>document" not in text and "&lt;script&gt;document" in text
    assert "{{ 7 * 7 }}" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)
    assert "\\u202e" in text
    assert "x" * 121 not in text
    assert text.count("&lt;script&gt;document") > 12, "of lender, title, description, source, findings, loans"
    assert len(HOSTILE) == 10


def test_the_policy_of_the_page_names_its_own_style_and_script_and_nothing_else(saved: Path) -> None:
    made = (saved / "report.html").read_text(encoding="utf-8")
    policy = tree(made.encode()).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    given = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert given["default-src"] == "'none'" and given["img-src"] == "data:" and given["form-action"] == "'none'"
    for kind in ("style", "script"):
        held = re.findall(rf"<{kind}>(.*?)</{kind}>", made, re.DOTALL)
        assert len(held) == 1
        digest = b64encode(hashlib.sha256(held[0].encode()).digest()).decode()
        assert given[f"{kind}-src"] == f"'sha256-{digest}'"
    assert not re.search(r'<[^>]+ (style|on\w+)="', made)
    assert not re.search(r'(src|href)="(https?:)?//', made)
