"""The run folder: saved, opened, checked. The only package that knows its layout (docs/run_folder.md)."""

from relending.room import clear
from relending.runfolder.comparison import refuse_together, save_together
from relending.runfolder.errors import FigureTooLarge, FolderExists, PageMissing, RunFolderError
from relending.runfolder.folder import refuse, save
from relending.runfolder.manifest import input_files, make_manifest
from relending.runfolder.memory import Run, run
from relending.runfolder.read import Difference, OpenedRun, open_run, verify
from relending.runfolder.reporting import write_report

__all__ = [
    "Difference",
    "FigureTooLarge",
    "FolderExists",
    "OpenedRun",
    "PageMissing",
    "Run",
    "RunFolderError",
    "clear",
    "input_files",
    "make_manifest",
    "open_run",
    "refuse",
    "refuse_together",
    "run",
    "save",
    "save_together",
    "verify",
    "write_report",
]
