"""The sample corpus that ships with Peerscope; see README.md in this folder."""

from importlib.resources import files
from pathlib import Path

WORKS = Path(str(files(__name__).joinpath("works.jsonl")))
