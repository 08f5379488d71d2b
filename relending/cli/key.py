"""``relending key``: a new key for ``--redact``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from relending.cli.helping import verb
from relending.cli.people import STOPPED, lang_option, say


@verb("key")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@lang_option
def command(out: Path, lang: str) -> None:
    """Write a new key into the file OUT, for --redact.

    Who has the key can tell which hash is whose; keep it apart from what was redacted with it. An existing file is
    never replaced: what was redacted with its key could be compared with nothing any more.
    """
    from relending.lineage.redaction_key import new_key
    from relending.outfile import reason

    try:
        with out.open("x", encoding="ascii", newline="\n") as file:
            out.chmod(0o600)
            file.write(f"{new_key()}\n")
    except FileExistsError:
        raise click.UsageError(
            f"{out} 已存在，未作改动；请换一个名称"
            if lang == "zh"
            else f"{out} exists already and is left as it is; choose another name"
        ) from None
    except OSError as error:
        en, zh = reason(error)
        say(f"{out}：无法写入：{zh}" if lang == "zh" else f"{out}: cannot be written: {en}", err=True)
        sys.exit(STOPPED)
    say(
        f"已生成密钥：{out}。请妥善保管，勿与脱敏结果放在一起；用法：--redact {out}"
        if lang == "zh"
        else f"wrote the key {out}: keep it apart from what is redacted with it, and give it with --redact {out}"
    )
