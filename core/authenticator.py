"""streamlit-authenticator's hashing and credential checks, taken from its files without importing Streamlit.

Importing the package would load all of Streamlit (0.7 s and 100 MB) into the jobs, the API and this core, which knows
no screen. The two modules used here need nothing but `bcrypt` and `re`, so they are loaded by themselves.
"""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any


def _load(module: str) -> Any:
    package = find_spec("streamlit_authenticator")
    assert package is not None
    assert package.submodule_search_locations
    path = Path(package.submodule_search_locations[0], "utilities", f"{module}.py")
    spec = spec_from_file_location(f"{__name__}.{module}", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


_hasher = _load("hasher").Hasher
_validator = _load("validator").Validator()


def hashed(text: str) -> str:
    """A bcrypt hash of `text`, which must have at most 72 bytes."""
    return str(_hasher.hash(text))


def agrees(text: str, stored: str) -> bool:
    """Whether `stored` is a hash of `text`; takes the same quarter of a second either way."""
    return bool(_hasher.check_pw(text, stored))


def is_username(given: str) -> bool:
    """Whether it can be a username: up to 20 letters, digits, `_` and `-`, or an e-mail address."""
    return bool(_validator.validate_username(given)) and given == given.strip()


def is_email(given: str) -> bool:
    """Whether it can be an e-mail address."""
    return bool(_validator.validate_email(given)) and given == given.strip()
