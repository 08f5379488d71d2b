"""The record of a run: what went in, which rules applied, what came out, and what the record does not prove.

It says nothing of when, where or how the run was computed, so the same run has the same record.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

from relending.runfolder.errors import RunFolderError

FORMAT = 1
SCENARIO_FILE = "scenario.toml"
MANIFEST = "manifest.json"
STATEMENTS = "statements"
PACKAGES = ("relending", "numpy", "pandas", "pyarrow", "matplotlib", "XlsxWriter", "Jinja2")
"""Those whose version can change a byte of the output."""

DOES_NOT_CERTIFY: tuple[Mapping[str, str], ...] = (
    {
        "en": "That the loan book is true or complete: it is taken as given.",
        "zh": "不证明贷款台账真实、完整：台账按原样采用。",
    },
    {
        "en": "That the People's Bank granted, or would grant, the relending: draws are the bank's own record or, like "
        "rollovers and interest, worked out by the rules.",
        "zh": "不证明人民银行已经或将会发放再贷款：借用以本行记录为准或按规则测算，展期和利息均按规则测算。",
    },
    {
        "en": "That the emission reductions happen: they are the figures of the studies, shared out by principal.",
        "zh": "不证明碳减排量实际发生：采用项目测算报告的数值，按贷款占比折算。",
    },
    {
        "en": "That values marked assumption or unconfirmed are the rule: see the values and their sources.",
        "zh": "不证明标注为假设或未证实的参数即为现行规定：详见政策参数及其来源。",
    },
    {
        "en": "Who made this folder: the checksums show a change of a file, not one of file and record together.",
        "zh": "不证明文件夹由谁生成：校验值能发现文件改动，不能发现文件与本记录同时改动。",
    },
)


def make_manifest(
    scenario: Mapping[str, Any],
    inputs: Sequence[Mapping[str, Any]],
    policy: Any,
    *,
    seed: int | None = None,
    versions: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The record of a run before it is saved; saving adds ``outputs``.

    ``scenario`` as resolved and ``policy`` (the values used with their sources) are any JSON-ready values
    without a path of the machine; ``inputs`` come from ``input_files``. ``versions`` defaults to the packages
    installed.

    >>> record = make_manifest({"name": "baseline"}, [], {}, versions={"relending": "0"})
    >>> record["format"], record["seed"], sorted(record)
    (1, None, ['does_not_certify', 'format', 'inputs', 'policy', 'scenario', 'seed', 'versions'])
    """
    return {
        "format": FORMAT,
        "scenario": dict(scenario),
        "inputs": [dict(entry) for entry in inputs],
        "policy": policy,
        "versions": dict(versions if versions is not None else package_versions()),
        "seed": seed,
        "does_not_certify": [dict(text) for text in DOES_NOT_CERTIFY],
    }


def package_versions() -> dict[str, str]:
    """Versions of the packages that can change a byte of the output."""
    out: dict[str, str] = {}
    for name in PACKAGES:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # run from a source tree that is not installed
            out[name] = "not installed"
    return out


def input_files(role: str, path: Path) -> list[dict[str, Any]]:
    """What a record says of an input: role, file name without its folder, sha256.

    A folder is listed file by file, in the order of their names; names that start with ``.`` or ``_``, which readers
    of such folders pass over, are left out. Raises ``OSError`` if a file cannot be read.
    """
    if not path.is_dir():
        return [{"role": role, "file": path.name, "sha256": sha256(path)}]
    held = {p.relative_to(path): p for p in path.rglob("*") if p.is_file()}
    seen = sorted(p.as_posix() for p in held if not any(part.startswith((".", "_")) for part in p.parts))
    folder = path.resolve().name
    return [{"role": role, "file": f"{folder}/{name}", "sha256": sha256(path / name)} for name in seen]


def confidentiality(name: str) -> str:
    """Whether a file of a run folder may leave the bank: ``public``, or ``internal`` 内部资料.

    Only what lies under ``statements/`` is made to be published, whatever else is redacted.

    >>> confidentiality("statements/icbc.docx"), confidentiality("disclosure.csv")
    ('public', 'internal')
    """
    return "public" if name.startswith(f"{STATEMENTS}/") else "internal"


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; the file is read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(value: Any) -> bytes:
    """JSON with one spelling: keys sorted, two spaces, UTF-8, lines ended by LF.

    Dates become ISO text and decimals their digits. Raises ``TypeError`` for anything else JSON does not
    have, and ``ValueError`` for a figure that is not finite.

    >>> canonical_json({"b": Decimal("0.60"), "a": "碳"}).decode()
    '{\\n  "a": "碳",\\n  "b": "0.60"\\n}\\n'
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2, allow_nan=False, default=_plain)
    # the name of a file need not be text on every system: JSON escapes what is not
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a run's record cannot hold {value!r} ({type(value).__name__})")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The record of a run folder.

    Raises ``RunFolderError`` if there is no such folder, no record in it, or one that cannot be read or is of
    another format.
    """
    if not folder.is_dir():
        raise RunFolderError(
            f"{folder}: there is no such folder; give the folder that `relending run` wrote",
            f"{folder}：没有这个文件夹；请给出 `relending run` 写出的文件夹",
        )
    path = folder / MANIFEST
    try:
        record = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise RunFolderError(
            f"{folder}: not a run folder, it has no {MANIFEST}; give the folder that `relending run` wrote "
            "(of several scenarios, one folder inside it)",
            f"{folder}：不是运行文件夹，缺少 {MANIFEST}；请给出 `relending run` 写出的文件夹"
            "（多个情景时为其中一个子文件夹）",
        ) from None
    except (ValueError, OSError, RecursionError) as error:
        raise _damaged(path, str(error)) from None
    if not isinstance(record, dict) or "format" not in record:
        raise _damaged(path, "no format")
    if record["format"] != FORMAT:
        raise RunFolderError(
            f"{path}: format {record['format']!r}, expected {FORMAT}; open it with the version of relending that "
            "wrote it",
            f"{path}：格式为 {record['format']!r}，应为 {FORMAT}；请用写出它的 relending 版本打开",
        )
    if not isinstance(record.get("outputs"), dict) or not all(_entry(e) for e in record["outputs"].values()):
        raise _damaged(path, "no list of outputs")
    return record


def _entry(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("sha256"), str)


def _damaged(path: Path, why: str) -> RunFolderError:
    return RunFolderError(
        f"{path}: damaged ({why}); run the scenario again", f"{path}：文件已损坏（{why}）；请重新运行情景"
    )
