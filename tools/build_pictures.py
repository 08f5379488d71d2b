"""Makes the pictures of docs/img that pages of docs/ show, and the small ones that tests compare with.

    python tools/build_pictures.py

Both are made from shipped scenarios alone, so that whoever changes a picture makes them again and looks at them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

import relending as rl
from relending.report.pictures import Drawn, picture, run_pictures
from relending.report.pictures.style import drawing

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "img"
BASELINE = ROOT / "tests" / "pictures" / "baseline"
SHOWN = {
    "tranches": ("demo", "tranches", "en"),
    "funded_share_zh": ("demo", "funded_share", "zh"),
    "tranches_zh": ("demo", "tranches", "zh"),
    "run_off": ("outlook/baseline", "run_off", "en"),
}
"""Name of a file of docs/img: scenario, picture, language."""
COMPARED = {
    "demo": None,
    "national/original": ("balances",),
    "ledger": ("tranches", "sectors"),
    "outlook/baseline": ("margin", "drawn"),
}
"""Scenarios whose pictures are compared: those of the report, or the ones named."""
SMALL, SHOWN_DPI = 45, 100


def compared() -> Iterator[tuple[str, Drawn]]:
    """Each picture that is compared with a small one, and the name of that."""
    for scenario, names in COMPARED.items():
        run = rl.run(scenario)
        for lang in ("zh", "en"):
            drawn = run_pictures(run, lang) if names is None else [picture(run, n, lang=lang) for n in names]
            for one in drawn:
                yield f"{scenario.replace('/', '_')}-{one.name}-{lang}.png", one


def write_png(figure: Figure, path: Path, dpi: int) -> None:
    """A picture as PNG of a size of one's own, in few colours."""
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    with drawing():
        figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    Image.open(out).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    """Write all of them."""
    BASELINE.mkdir(parents=True, exist_ok=True)
    for path in BASELINE.glob("*.png"):
        path.unlink()
    for name, drawn in compared():
        write_png(drawn.figure, BASELINE / name, SMALL)
    for name, (scenario, what, lang) in SHOWN.items():
        write_png(picture(rl.run(scenario), what, lang=lang).figure, IMAGES / f"{name}.png", SHOWN_DPI)
    paths = rl.monte_carlo("outlook/baseline")
    for name, lang in (("fan_interest_saved", "en"), ("fan_interest_saved_zh", "zh")):
        write_png(rl.plot(paths, "fan_interest_saved", lang=lang), IMAGES / f"{name}.png", SHOWN_DPI)
    national = [rl.run(f"national/{n}") for n in ("original", "outstanding", "part-rolled", "quarter-later")]
    together = [(r.scenario.name, r.tables["ledger"], r.tables["published"]) for r in national]
    from relending.report import balances_picture

    figure = balances_picture(together)
    assert figure is not None
    rl.save_picture(figure, IMAGES / "national.png", force=True)
    for path in (*sorted(BASELINE.glob("*.png")), *sorted(IMAGES.glob("*.png"))):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
