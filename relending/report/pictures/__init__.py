"""Pictures of a run 图表: what is drawn from its tables, in Chinese and English, with a font of their own.

Each picture is a module with two functions: ``prepare`` makes plain figures of the run's integers, ``draw`` puts them
on a sheet. ``catalogue.toml`` says which there are and what each shows; docs/pictures.md is made from it.
"""

from __future__ import annotations

from relending.report.pictures.catalogue import catalogue
from relending.report.pictures.drawn import Drawn
from relending.report.pictures.files import save_picture
from relending.report.pictures.run import picture, pictures_in, run_pictures

__all__ = ["Drawn", "catalogue", "picture", "pictures_in", "run_pictures", "save_picture"]
