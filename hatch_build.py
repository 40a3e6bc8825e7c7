"""What the build adds to the files of the repository: a link and a chart library.

A wheel renames the folder ``src`` to ``lineman`` when it is built.  An editable
install has no such step, and type checkers follow only plain paths, so it gets
a link to follow.  uPlot, which draws the charts, is fetched from the npm
registry into ``static/vendor``; without npm the pages work and say what is missing.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDORED = ("dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE")


class Build(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            self._link()
        self._vendor()

    def _link(self) -> None:
        link = Path(self.root, ".editable", "lineman")
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(Path("..", "src"), target_is_directory=True)

    def _vendor(self) -> None:
        target = Path(self.root, "src", "adapters", "http", "static", "vendor", "uplot")
        if all((target / Path(name).name).is_file() for name in VENDORED):
            return
        npm = shutil.which("npm")
        if npm is None:
            self.app.display_warning(
                "npm is missing: the pages will be built without charts (install Node.js, build again)"
            )
            return
        with tempfile.TemporaryDirectory() as folder:
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(Path(self.root, name), folder)
            result = subprocess.run(
                [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if result.returncode != 0:
                self.app.display_warning(
                    f"npm could not fetch uPlot, the pages will have no charts: {result.stderr.strip()[-400:]}"
                )
                return
            target.mkdir(parents=True, exist_ok=True)
            for name in VENDORED:
                shutil.copy(Path(folder, "node_modules", "uplot", name), target / Path(name).name)
