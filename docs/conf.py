"""How Sphinx makes docs/ a site: `make site`. Every warning is an error, and nothing is fetched from elsewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]


def _version() -> str:
    return re.findall(r"^version = (.+)$", (HERE.parent / "setup.cfg").read_text(encoding="utf-8"), re.MULTILINE)[0]


project = "relending"
author = "relending contributors"
version = release = _version()
# no year: the same sources give the same pages whenever they are built
copyright = "relending contributors, Apache-2.0"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "two_languages"]
exclude_patterns = ["_ext"]
nitpicky = True
# types that signatures name, and that no page of this site describes
nitpick_ignore_regex = [("py:(class|mod|func|meth|attr|data|exc|obj)", r".*")]

# pages stay readable as plain files: links go to headings by the anchors that code hosts give them
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autosummary_generate = False
python_display_short_literal_types = True
python_maximum_signature_line_length = 88
add_module_names = False

language = "en"
# quotes and dashes stay as typed: --lang is no dash, and a curled quote is a wide character in Chinese fonts
smartquotes = False
html_theme = "furo"
html_title = f"relending {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_permalinks_icon = "#"
html_theme_options: dict[str, Any] = {
    "navigation_with_keys": True,
    "footer_icons": [],
    "light_css_variables": {
        "font-stack": '"Helvetica Neue", Arial, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif',
        "font-stack--monospace": 'Consolas, Menlo, "Noto Sans Mono CJK SC", "Microsoft YaHei", monospace',
    },
}
