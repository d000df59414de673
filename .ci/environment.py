"""Makes or renews the virtual environment .venv, with nothing but the standard library."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
HOME = PROJECT / ".venv"
PYTHON = HOME / "bin" / "python"


def main(kind: str) -> int:
    """Have all requirements of `kind` (run or dev) installed; nothing is done when they are. Returns pip's code."""
    requirements = PROJECT / {"run": "requirements.txt", "dev": "requirements-dev.txt"}[kind]
    stamp = HOME / f"installed-{kind}"
    wanted = "\n".join(path.read_text() for path in sorted(PROJECT.glob("requirements*.txt")))
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two first starts at once install once
        if _answers() and stamp.exists() and stamp.read_text() == wanted:
            return 0
        if not _answers():
            venv.create(HOME, with_pip=True, symlinks=True)
        print(f"Installing {requirements.name} into .venv; the first time this takes a minute or two.", flush=True)
        install = [
            str(PYTHON),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            str(requirements),
        ]
        code = subprocess.run(install, check=False).returncode
        if code == 0:
            stamp.write_text(wanted)
        return code


def _answers() -> bool:
    """Whether .venv has a Python with pip: its creation may have been killed, or its Python removed since."""
    try:
        asked = subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False)
    except OSError:
        return False
    return asked.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
