"""Sphinx configuration of the documentation site: `make docs`."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

project = "Peerscope"
author = "The Peerscope developers"
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["screenshots"]
html_theme = "furo"
html_title = f"Peerscope {version}"

myst_heading_anchors = 3
# A link to a page, heading or file that does not exist fails the build (-W).
nitpicky = False
suppress_warnings: list[str] = []

autodoc_class_signature = "separated"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "show-inheritance": True}
