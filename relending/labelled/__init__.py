"""Tables that say what their columns are: one frame with labels as CSV, Parquet, Excel or Stata, always the same bytes.

Whoever has a frame in users' units (shipped data, a sweep, a Monte Carlo, a comparison) and one dictionary of labels,
column -> (zh, en, unit), writes it here; no format is written anywhere else from a frame.
"""

from __future__ import annotations

from relending.labelled.labels import Label, label_of, unit_in
from relending.labelled.write import FORMATS, csv_bytes, format_of, write_labelled

__all__ = ["FORMATS", "Label", "csv_bytes", "format_of", "label_of", "unit_in", "write_labelled"]
