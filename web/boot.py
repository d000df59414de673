"""Before the first visitor: telling Streamlit what only this installation knows, and proving that it heard."""

from __future__ import annotations

import asyncio
import gc
import importlib
import pkgutil
import sys
from importlib.util import find_spec

from starlette.datastructures import Headers
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web.server.starlette.starlette_websocket import gather_user_info

from core import migrating
from core.errors import OpsError
from web import asking, faults
from web.middleware import IDENTITY


def tell_streamlit() -> None:
    """Set what config.toml cannot know, and keep Streamlit from running `pages/` by file name past `Home.py`."""
    config.set_option("server.allowedHosts", sorted(asking.known_hosts()))
    PagesManager.uses_pages_directory = False
    faults.quiet_streamlit()


def prove() -> None:
    """Raise OpsError, saying what is wrong, unless everything that safety rests on is as it should be."""
    probe = Headers({IDENTITY: "probe"})
    wrong = {
        "sessions could be taken over: server.trustedUserHeaders": gather_user_info(probe) != {"session": "probe"},
        "pages could be opened past Home.py: PagesManager": PagesManager.uses_pages_directory is not False,
        "the agent API is open: server.enableAgentApi": bool(config.get_option("server.enableAgentApi")),
        "errors would be shown: client.showErrorDetails": config.get_option("client.showErrorDetails") != "none",
        "forms are unprotected: server.enableXsrfProtection": not config.get_option("server.enableXsrfProtection"),
        "every rerun would be slow: runner.postScriptGC": bool(config.get_option("runner.postScriptGC")),
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise OpsError(f"Opsdesk does not start, because {what} is not set as in .streamlit/config.toml.")


def is_loop_quick() -> bool:
    """Whether the event loop is uvloop, where that is installed; without it every rerun waits 40 ms."""
    return find_spec("uvloop") is None or type(asyncio.get_running_loop()).__module__.startswith("uvloop")


def check_database() -> None:
    """Raise OpsError, saying what mends it, unless the database is there and has this program's schema."""
    migrating.require_current()


def import_screens() -> None:
    """Load every view now, so that the first visitor does not wait for it, and freeze what is loaded.

    What is frozen is never looked at again by the garbage collector, which holds up everybody while it looks.
    """
    import ui.views

    for found in pkgutil.walk_packages(ui.views.__path__, "ui.views."):
        importlib.import_module(found.name)
    if find_spec("ui.frame") is not None:
        importlib.import_module("ui.frame")
    gc.collect()
    gc.freeze()


def warn(sentence: str) -> None:
    """Say something to the operator that does not stop the start."""
    sys.stderr.write(f"{sentence}\n")
