"""When something of ours goes wrong: a reference number on the screen, where it happened in the log, and no more."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import traceback

import streamlit as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import clock
from core.errors import NotSignedIn, OpsError
from web import answering, asking

_SORRY = "Something went wrong on our side and nothing was done. If it happens again, quote the reference {0}."


class Faults:
    """Answers for whatever escapes: refusals in their own words, anything else with a reference number."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except OpsError as refusal:
            if not begun:
                await answering.refuse(scope, receive, send, refusal.status, refusal.sentence)
        except Exception as error:
            reference = log(error, path=asking.path(scope))
            if not begun:
                await answering.refuse(scope, receive, send, 500, _SORRY.format(reference))
        return None


def on_script_error(error: Exception) -> bool:
    """Show what a page's run died of, instead of Streamlit; True means that it has been shown."""
    if isinstance(error, NotSignedIn):
        st.warning("Your session has ended. [Sign in again](/login)", icon=":material/lock:")
    elif isinstance(error, OpsError):
        st.error("That could not be done.", icon=":material/error:")
        st.text(error.sentence)
    else:
        st.error(_SORRY.format(log(error)), icon=":material/error:")
    return True


def log(error: BaseException, **where: object) -> str:
    """Write one JSON line about `error` to standard error; returns its reference.

    The error's own words stay out: a database puts the values of the row into them.
    """
    reference = secrets.token_hex(4).upper()
    frames = traceback.extract_tb(error.__traceback__)
    line = {
        "at": clock.now().isoformat(),
        "event": "fault",
        "reference": reference,
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "code": getattr(getattr(error, "orig", None), "pgcode", None),
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        **where,
    }
    sys.stderr.write(json.dumps(line, default=str) + "\n")
    sys.stderr.flush()
    return reference


def quiet_streamlit() -> None:
    """Keep Streamlit from logging what `on_script_error` has logged already, and with the values in it."""
    logging.getLogger("streamlit.error_util").addFilter(lambda record: "Uncaught app execution" not in str(record.msg))
