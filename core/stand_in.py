"""The account that root lends to PostgreSQL, which refuses to run as root, and the doors it needs open."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

from core.errors import OpsError

_ACCOUNT = "pgserver"


def identity(cluster: Path) -> dict[str, Any]:
    """Whom a program runs as, for `subprocess.run`: nothing to change, or for root the owner of `cluster`.

    A cluster that does not exist yet will belong to an account of its own, which is added when missing.
    """
    if os.geteuid() != 0:
        return {}
    owner = cluster.stat().st_uid if cluster.exists() else 0
    account = pwd.getpwuid(owner) if owner else _account()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def private_folder(folder: Path, identity: dict[str, Any]) -> None:
    """Make a folder that only `identity` may enter; OpsError when somebody else has put one there."""
    owner = identity.get("user", os.geteuid())
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, owner, identity.get("group", -1))
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise OpsError(f"{folder} is not ours alone; remove it and start again.") from None


def let_in(programs: Path, cluster: Path) -> None:
    """Open to root's stand-in the way to both folders (to pass, not to look round), and the programs."""
    if os.geteuid() != 0:
        return
    for folder in {*programs.resolve().parents, *cluster.resolve().parents}:
        _grant(folder, stat.S_IXOTH)
    if not (programs / "bin" / "postgres").stat().st_mode & stat.S_IXOTH:
        for path in (*programs.rglob("*"), programs, *programs.parent.with_suffix(".libs").glob("*")):
            _grant(path, stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0))


def _grant(path: Path, right: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode | right != mode:
        path.chmod(mode | right)


def _account() -> pwd.struct_passwd:
    for _ in range(20):
        try:
            return pwd.getpwnam(_ACCOUNT)
        except KeyError:
            _add_account()
            time.sleep(0.1)  # somebody else may be adding it at this moment
    raise OpsError(f"PostgreSQL does not run as root; add an account named {_ACCOUNT}, or start as somebody else.")


def _add_account() -> None:
    add = shutil.which("useradd")
    if add is not None:
        options = ("--system", "--user-group", "--no-create-home", "--shell", "/bin/false")
        subprocess.run([add, *options, _ACCOUNT], capture_output=True, check=False)
