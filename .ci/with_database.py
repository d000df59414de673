"""Runs a command of the project against a migrated database that is thrown away after."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from core import embedded  # noqa: E402


def main(command: list[str]) -> int:
    """Returns the command's exit code, or the migration's where that fails."""
    with tempfile.TemporaryDirectory(prefix="opsdesk-") as folder:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DATABASE_")}
        environment["OPSDESK_DATA_DIR"] = folder
        try:
            embedded.start(Path(folder), durable=False)
            migrated = _run([sys.executable, "-m", "core.migrating"], environment)
            return migrated or _run(command, environment)
        finally:
            embedded.stop(Path(folder))


def _run(command: list[str], environment: dict[str, str]) -> int:
    return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
