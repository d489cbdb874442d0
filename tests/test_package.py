"""What a wheel holds: the data files that the code reads have to travel with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_a_wheel_holds_every_data_file(tmp_path: Path) -> None:
    # Built from a copy: a build in the project itself would take up what an earlier one left in build/.
    source = tmp_path / "source"
    packages = ("accounts", "indexer", "mappings", "peerscope", "search_api")
    for package in packages:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(tmp_path), str(source)], check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    files = [file for package in packages for file in (ROOT / package).rglob("*") if file.is_file()]
    missing = {
        str(file.relative_to(ROOT))
        for file in files
        if "__pycache__" not in file.parts and str(file.relative_to(ROOT)) not in packed
    }
    assert not missing
    top_level = {name.split("/")[0] for name in packed if ".dist-info/" not in name}
    assert top_level == set(packages)
