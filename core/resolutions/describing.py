"""The item types as a page to read, made from their declarations for docs/item-types.md."""

from __future__ import annotations

from collections.abc import Iterator

from core.resolutions.declaring import ItemType, Option, shipped

_INTRODUCTION = """# Item types

*Made from the declarations in `core/resolutions/families`; a test keeps it so.*

Each type says where its items belong, which record they are about, what their context needs to know, what to weigh,
and how they may be settled. A context key that is missing is shown as missing, and the options that need it are
refused with that reason. Administrators make further types on the administration page: their options change nothing
but the item. Items of any other type have the general options: resolve, reject, defer, escalate.
"""


def item_types() -> str:
    """The page, in Markdown."""
    parts = [_INTRODUCTION, *_table()]
    for known in shipped().values():
        parts += _section(known)
    return "\n".join(parts) + "\n"


def _table() -> Iterator[str]:
    yield "| Type | Queue | About | Priority | Context needs | Context may have |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for known in shipped().values():
        keys = f"{_code(known.context_keys)} | {_code(known.optional_keys)}"
        yield f"| `{known.name}` | {known.queue} | `{known.resource_type}` | {known.default_priority} | {keys} |"


def _section(known: ItemType) -> Iterator[str]:
    yield f"\n## {known.label}\n"
    yield from (f"{line}  " for line in known.runbook.splitlines())
    yield "\n| Option | | Does | Needs from the context |"
    yield "| --- | --- | --- | --- |"
    yield from (_row(option) for option in known.options)


def _row(option: Option) -> str:
    return f"| {option.label} | `{option.name}` | {option.help or _SETTLES[option.settles]} | {_code(option.needs)} |"


_SETTLES = {
    "resolve": "Settles the item.",
    "reject": "Turns the item down.",
    "respond": "Answers; the item stays in hand.",
    "keep": "Finds something out; the item stays in hand.",
    "defer": "Puts the item off. The deadline does not move.",
    "escalate": "Raises the level.",
}


def _code(keys: tuple[str, ...]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


if __name__ == "__main__":
    print(item_types(), end="")  # noqa: T201
