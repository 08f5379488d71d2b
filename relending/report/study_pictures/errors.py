"""What cannot be drawn, said in both languages."""

from __future__ import annotations

from relending.findings import Findings, InputError


class PictureError(InputError):
    """A picture that cannot be made of a source; ``en`` and ``zh`` say what, why and what there is instead.

    >>> PictureError("no picture", "没有图").text("zh")
    '没有图'
    """

    code = "nothing_to_plot"

    def __init__(self, en: str, zh: str, what: str = "") -> None:
        super().__init__(Findings.one(self.code, column="picture", found=what, expected=f"{en} / {zh}"))
        self.en, self.zh = en, zh

    def text(self, lang: str = "en") -> str:
        """The message in one language, ``en`` or ``zh``."""
        return self.zh if lang == "zh" else self.en


class UnknownPictureError(PictureError):
    """A name that is none of a picture or measure."""

    code = "unknown_picture"


class StudyFolderError(Exception):
    """A folder or file that is no study, or not as it was written; ``en`` and ``zh`` say why and what to do.

    >>> str(StudyFolderError("no study", "没有研究结果"))
    'no study'
    """

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh

    def text(self, lang: str = "en") -> str:
        """The message in one language, ``en`` or ``zh``."""
        return self.zh if lang == "zh" else self.en
