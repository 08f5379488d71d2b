"""What cannot be drawn, said in both languages."""

from __future__ import annotations


class PictureError(Exception):
    """A picture that cannot be made of a source; ``en`` and ``zh`` say what, why and what there is instead.

    >>> PictureError("no picture", "没有图").text("zh")
    '没有图'
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh

    def text(self, lang: str = "en") -> str:
        """The message in one language, ``en`` or ``zh``."""
        return self.zh if lang == "zh" else self.en


class UnknownPictureError(PictureError):
    """A name that is none of a picture or measure: wrong usage, not wrong data."""


class StudyFolderError(PictureError):
    """A folder or file that is no study, or not as it was written."""
