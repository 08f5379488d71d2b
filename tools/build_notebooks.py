"""Runs every notebook of notebooks/ from a clean kernel in an empty folder and writes it back with what came out.

The .ipynb files are the source: edit them (in Jupyter or any editor), then ``make notebooks``. What is written depends
on sources, data and versions alone: the same cells give the same bytes, whatever folder or day.

    python tools/build_notebooks.py                 # all of them
    python tools/build_notebooks.py quickstart      # some of them, by name
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
METADATA = {**KERNEL, "language_info": {"name": "python"}}
"""The same in every notebook: what Jupyter writes there besides (versions, paths) says where it was run."""
PLACES = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_CONFIG_PATH": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "run",
    "IPYTHONDIR": "ipython",
    "MPLCONFIGDIR": "matplotlib",
}
"""Where Jupyter, IPython and matplotlib keep what is a user's own: here empty, so that nobody's settings count."""
STRICT = "import warnings; warnings.simplefilter('error'); warnings.filterwarnings('ignore', module='ipykernel')"
"""Warnings stop a cell; what the kernel warns of itself is nobody's here."""
DRAWN = "drawn_with"
"""In a notebook's metadata: what drew its pictures, of which only the same version draws the very same."""
SECONDS = 120
"""Longest a cell may take."""


def names() -> list[str]:
    """The names of the notebooks, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def read(name: str) -> Any:
    """A notebook by its name; ValueError where its format is not valid."""
    import nbformat

    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


def executed(notebook: Any) -> Any:
    """A copy of the notebook as its cells come out in an empty folder; a warning stops it like an error.

    Raises nbclient's CellExecutionError that shows the cell.
    """
    from nbclient import NotebookClient
    from traitlets.config import Config

    copy = bare(notebook)
    with clean_places() as work:
        # files instead of ports wherever the system has them: nothing listens on the network, no port is taken twice
        config = Config()
        if os.name != "nt":
            config.KernelManager = Config(transport="ipc", ip=str(work.parent / "k"))
        client = NotebookClient(
            copy,
            kernel_name="python3",
            config=config,
            timeout=SECONDS,
            record_timing=False,
            shutdown_kernel="immediate",
            resources={"metadata": {"path": str(work)}},
            extra_arguments=[f"--IPKernelApp.exec_lines={STRICT}", "--HistoryManager.enabled=False"],
        )
        client.execute()
    copy.metadata[DRAWN] = f"matplotlib {version('matplotlib')}"
    return canonical(copy)


@contextmanager
def clean_places() -> Iterator[Path]:
    """An empty folder to work in, with nobody's settings; what was set before is set again after."""
    with tempfile.TemporaryDirectory(prefix="nb", ignore_cleanup_errors=True) as room:
        work = Path(room, "work")
        work.mkdir()
        given = {name: str(Path(room, place)) for name, place in PLACES.items()}
        for folder in set(given.values()):
            Path(folder).mkdir()
        given["PYTHONPATH"] = str(ROOT)  # the package beside this file, be another installed or not
        given["PYTHONHASHSEED"] = "random"
        before = {name: os.environ.get(name) for name in given}
        os.environ.update(given)
        try:
            yield work
        finally:
            _restore(before)


def _restore(before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def bare(notebook: Any) -> Any:
    """A copy of the notebook with its cells alone, and nothing of any run of them."""
    from nbformat import from_dict

    out = from_dict({"cells": [], "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})
    for cell in notebook.cells:
        kept: dict[str, Any] = {"cell_type": cell.cell_type, "id": cell.id, "metadata": {}, "source": cell.source}
        if cell.cell_type == "code":
            kept |= {"execution_count": None, "outputs": []}
        out.cells.append(from_dict(kept))
    return out


def canonical(notebook: Any) -> Any:
    """The notebook as it is kept: cells counted from 1, streams joined, no metadata of outputs or of machines."""
    from nbformat import from_dict

    out, number = bare(notebook), 0
    if DRAWN in notebook.metadata:
        out.metadata[DRAWN] = notebook.metadata[DRAWN]
    for cell, ran in zip(out.cells, notebook.cells, strict=True):
        if cell.cell_type != "code":
            continue
        number += 1
        cell.execution_count = number
        for output in ran.outputs:
            kept = dict(output)
            if "metadata" in kept:
                kept["metadata"] = {}
            if "execution_count" in kept:
                kept["execution_count"] = number
            before = cell.outputs[-1] if cell.outputs else None
            if before is not None and before.output_type == "stream" and before.get("name") == kept.get("name"):
                before.text += kept["text"]
            else:
                cell.outputs.append(from_dict(kept))
    return out


def text_of(notebook: Any) -> str:
    """The text of the file: keys sorted, one space deep as Jupyter has it, Chinese as it is, ended by one line feed."""
    import nbformat

    return str(nbformat.writes(notebook, version=nbformat.NO_CONVERT)).rstrip("\n") + "\n"


def main(wanted: Sequence[str]) -> int:
    """Run the notebooks wanted (all where none is named) and write those that differ; 2 for a name that is none."""
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        print(f"no notebook {', '.join(unknown)}; there are {', '.join(names())}", file=sys.stderr)
        return 2
    for name in wanted or names():
        path = FOLDER / f"{name}.ipynb"
        text = text_of(executed(read(name)))
        same = path.read_text(encoding="utf-8") == text
        if not same:
            path.write_text(text, encoding="utf-8", newline="\n")
        size = len(text.encode()) / 1000
        print(f"{'same   ' if same else 'written'} {path.relative_to(ROOT).as_posix()}, {size:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
