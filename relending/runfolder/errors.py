"""What can be wrong with a run folder, said in both languages."""

from __future__ import annotations


class RunFolderError(Exception):
    """A run folder cannot be written or read; ``en`` and ``zh`` say why and what to do.

    >>> RunFolderError("no folder", "没有文件夹").text("zh")
    '没有文件夹'
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh

    def text(self, lang: str = "en") -> str:
        """The message in one language, ``en`` or ``zh``."""
        return self.zh if lang == "zh" else self.en


class FolderExists(RunFolderError):  # noqa: N818
    """Something already has the name of the folder to be written."""


class PageMissing(RunFolderError):  # noqa: N818
    """A run was saved whole but for its page and pictures, which could not be drawn."""


class FigureTooLarge(ValueError):  # noqa: N818
    """A figure has more digits than a table holds; the text names table, column and the largest figures."""
