"""What a notebook shows, held against what it showed when it was committed."""

from __future__ import annotations

import re
from base64 import b64decode
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.image import imread

NEAR = 0.05
"""Points by which a place in a picture may differ: another machine's last digits, nothing that can be seen."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_NAME = re.compile(r"""((?:id|href)="#?|url\(#)[A-Za-z]+[0-9a-f]{8,}""")


def differences(made: Any, kept: Any, pictures: bool = True) -> list[str]:
    """What differs between two notebooks, a line a cell and output; none where they show the same.

    ``pictures``: whether pictures have to be the same too; else it is enough that there are some, of the same kind.
    """
    out = []
    cells = [[(c.id, c.cell_type, c.source) for c in notebook.cells] for notebook in (made, kept)]
    if cells[0] != cells[1]:
        return ["other cells"]
    for new, old in zip(made.cells, kept.cells, strict=True):
        if new.cell_type != "code":
            continue
        shown = [[_parts(output) for output in cell.outputs] for cell in (new, old)]
        if [list(one) for one in shown[0]] != [list(one) for one in shown[1]]:
            out.append(f"{new.id}: shows {[list(one) for one in shown[0]]}, showed {[list(one) for one in shown[1]]}")
            continue
        for one, other in zip(*shown, strict=True):
            for kind in one:
                same = one[kind] == other[kind]
                if not same and "image/" in kind:
                    same = (_same_svg if "svg" in kind else _same_png)(one[kind], other[kind])
                if not same and (pictures or "image/" not in kind):
                    out.append(f"{new.id}: {kind}\n{one[kind][:600]}\n-- was --\n{other[kind][:600]}")
    return out


def _parts(output: Any) -> dict[str, str]:
    """The texts of an output by what they are."""
    if output.output_type == "stream":
        return {f"stream {output.name}": output.text}
    if output.output_type == "error":
        return {"error": output.evalue}
    return {f"{output.output_type} {kind}": str(text) for kind, text in sorted(output.data.items())}


def _same_svg(one: str, other: str) -> bool:
    """Whether two SVG pictures have the same parts, each number within ``NEAR``; names of parts do not count."""
    texts = [_NAME.sub(r"\1", text) for text in (one, other)]
    if _NUMBER.sub("0", texts[0]) != _NUMBER.sub("0", texts[1]):
        return False
    numbers = [[float(x) for x in _NUMBER.findall(text)] for text in texts]
    return all(abs(a - b) <= NEAR for a, b in zip(*numbers, strict=True))


def _same_png(one: str, other: str) -> bool:
    """Whether two PNG pictures, in base64, are of one size and hardly differ anywhere, whatever packed them."""
    pixels = [imread(BytesIO(b64decode(text)), format="png") for text in (one, other)]
    return pixels[0].shape == pixels[1].shape and float(np.abs(pixels[0] - pixels[1]).mean()) < 0.002
