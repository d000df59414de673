"""The browser of the browser tests: one that is installed, else Playwright's own, else Debian's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium is installed and none could be fetched: the browser tests are SKIPPED"
_WHERE = "from playwright.sync_api import sync_playwright as p\nwith p() as it: print(it.chromium.executable_path)"


def required() -> dict[str, Any]:
    """What `chromium.launch(**required())` needs; skips the test where no browser is to be had, and fails it in CI."""
    found = installed()
    if found is not None:
        # Chromium refuses its own sandbox to root, which is who runs in most containers.
        return {"executable_path": str(found), "args": ["--no-sandbox"] if os.geteuid() == 0 else []}
    if in_ci():
        pytest.fail(MISSING)
    pytest.skip(MISSING)


def in_ci() -> bool:
    """Whether a missing browser is a failure, as it is where nobody reads what was skipped."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


@cache
def installed() -> Path | None:
    """A browser that starts on this machine, or None."""
    known = (shutil.which(name) for name in NAMES)
    return next((Path(path) for path in known if path and _version(path)), None) or _playwrights()


def _playwrights() -> Path | None:
    asked = _run(sys.executable, "-c", _WHERE, seconds=30)
    path = asked.stdout.strip() if asked else ""
    return Path(path) if path and _version(path) else None


def _version(path: str) -> str | None:
    """What it calls itself; None for one that lacks its libraries, or is only a sign to where it may be had."""
    asked = _run(path, "--version", seconds=30)
    return asked.stdout.strip() if asked and asked.returncode == 0 else None


def fetch() -> None:
    """Try Playwright's download, then Debian's package; what works is found by `installed` after."""
    _run(sys.executable, "-m", "playwright", "install", "chromium", seconds=600)
    installed.cache_clear()
    if installed() is None and shutil.which("apt-get"):
        rights = () if os.geteuid() == 0 else ("sudo", "-n")
        _run(*rights, "apt-get", "update", seconds=300)
        _run(*rights, "apt-get", "install", "-y", "--no-install-recommends", "chromium", seconds=900)
        installed.cache_clear()


def _run(*command: str, seconds: float) -> subprocess.CompletedProcess[str] | None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None


def main() -> int:
    """Have a browser or say loudly that there is none; 1 where that is a failure."""
    if installed() is None:
        print("No Chromium is installed: fetching one.", flush=True)
        fetch()
    found = installed()
    print(f"Browser tests use {found} ({_version(str(found))})." if found else f"WARNING: {MISSING}", flush=True)
    return int(found is None and in_ci())


if __name__ == "__main__":
    sys.exit(main())
