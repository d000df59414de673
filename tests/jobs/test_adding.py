"""Items put into the queue from a terminal: one by options, many by lines, and nothing hostile gets a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from core.settings import PROJECT
from jobs.__main__ import app
from tests.builders import count, item

LINE: dict[str, Any] = {
    "item_type": "pdf_deletion_failed", "resource_type": "meal_plan", "resource_id": 12345, "priority": "medium",
    "reason": "storage answered 503 after 3 attempts", "context": {"retry_count": 3}, "sla_hours": 24,
}  # fmt: skip


def _run(*words: str, lines: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "jobs", "add", *words]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, check=False, input=lines, timeout=60)


def _typed(*words: str, lines: bytes = b"") -> Result:
    return CliRunner().invoke(app, ["add", *words], input=lines, catch_exceptions=False)


def test_one_item_is_added_by_its_options(database: None, tmp_path: Path) -> None:
    (tmp_path / "context.json").write_text('{"pdf_url": "https://blob.example.com/1.pdf"}')
    words = ["--type", "pdf_deletion_failed", "--resource-id", "12345", "--priority", "high", "--reason", "no answer",
             "--context", f"@{tmp_path}/context.json", "--sla-hours", "24"]  # fmt: skip
    first = json.loads(_typed(*words, "--json").stdout)
    found = item(first["id"])
    assert (first["outcome"], found.resource_type, found.priority) == ("new", "meal_plan", "high")
    assert (found.sla_hours, found.source, found.context) == (24, "cli", {"pdf_url": "https://blob.example.com/1.pdf"})
    assert "takes it in" in _typed(*words).stdout
    assert count("ops_audit_log", "action = 'item.opened' AND actor_kind = 'cli'") == 2


def test_lines_are_taken_in_or_refused_each_by_its_number(database: None) -> None:
    lines = [
        json.dumps(LINE),
        "",
        json.dumps(LINE | {"resource_id": 6, "priority": "soon"}),
        '{"item_type": "odd", "item_type": "even"}',
        json.dumps(LINE | {"resource_id": "7"}),
        json.dumps(LINE | {"status": "resolved"}),
        "[" * 100_000,
        json.dumps(LINE),
    ]
    done = _typed("--json", lines="\n".join(lines).encode())
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1
    assert [(each["line"], each.get("outcome")) for each in told] == [
        (1, "new"), (3, None), (4, None), (5, "new"), (6, None), (7, None), (8, "merged"),
    ]  # fmt: skip
    assert "priority: is one of critical" in told[1]["error"]
    assert "status" in told[4]["error"]
    assert count("work_items") == 2


def test_many_good_lines_are_taken_in_together(database: None) -> None:
    lines = "\n".join(json.dumps(LINE | {"resource_id": number}) for number in range(450))
    done = _typed(lines=lines.encode())
    assert (done.exit_code, done.stdout.count("item"), count("work_items")) == (0, 450, 450)


HOSTILE: dict[str, bytes] = {
    "no JSON": b"DROP TABLE work_items;",
    "no object": b"[1, 2]",
    "a number": b"1e400",
    "no UTF-8": b'{"item_type": "\xff\xfe"}',
    "half a character": b'{"item_type": "odd", "reason": "\\ud800"}',
    "NUL": b'{"item_type": "odd", "resource_id": "a\\u0000b"}',
    "NUL within": b'{"item_type": "odd", "context": {"a": "\\u0000"}}',
    "NaN": b'{"item_type": "odd", "context": {"a": NaN}}',
    "infinity": b'{"item_type": "odd", "context": {"a": 1e999}}',
    "true for a number": b'{"item_type": "odd", "sla_hours": true}',
    "true for a record": b'{"item_type": "odd", "resource_id": true}',
    "a number for a text": b'{"item_type": 7}',
    "many digits": b'{"item_type": "odd", "resource_id": ' + b"9" * 10_000 + b"}",
    "a deep context": b'{"item_type": "odd", "context": {"a": ' + b"[" * 90_000 + b"]" * 90_000 + b"}}",
    "a long type": json.dumps({"item_type": "o" * 101}).encode(),
    "a long record": json.dumps({"item_type": "odd", "resource_id": "o" * 501}).encode(),
    "a long line": json.dumps({"item_type": "odd", "reason": "o" * 2_000_000}).encode(),
    "a field of ours": b'{"item_type": "odd", "assigned_to": 1}',
    "no type": b'{"reason": "odd"}',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_line_is_refused_and_its_neighbours_are_not(database: None, what: str) -> None:
    good = json.dumps(LINE).encode()
    done = _typed("--json", lines=b"\n".join([good, HOSTILE[what], good]))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each.get("id") for each in told] == [told[0]["id"], None, told[0]["id"]]
    assert (done.exit_code, told[1]["line"]) == (1, 2)


@pytest.mark.parametrize(
    "words",
    [
        ["--type", "no such/type!"],
        ["--type", ""],
        ["--type", "odd", "--priority", "soon"],
        ["--type", "odd", "--sla-hours", "nan"],
        ["--type", "odd", "--sla-hours", "-1"],
        ["--type", "odd", "--sla-hours", "many"],
        ["--type", "odd", "--context", "{"],
        ["--type", "odd", "--context", "[1]"],
        ["--type", "odd", "--context", "[" * 50_000],
        ["--type", "odd", "--context", "@/no/such/file"],
        ["--type", "odd", "--context", "@/"],
        ["--type", "odd", "--context", "@/dev/zero"],
        ["--type", "odd", "--context", "@" + "x" * 5_000],
        ["--type", "odd", "--context", "@"],
        ["--type", "odd", "--reason", "\udcff"],
        ["--type", "odd", "--resource-id", "\udcff"],
        ["--type", "odd", "--nothing"],
        ["--reason", "without a type"],
    ],
    ids=lambda words: " ".join(words)[:40].encode("ascii", "backslashreplace").decode(),
)
def test_what_cannot_be_used_is_a_sentence_and_exit_code_2(
    database: None, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from jobs.__main__ import main

    monkeypatch.setattr(sys, "argv", ["jobs", "add", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.strip()
    assert count("work_items") == 0


def test_a_real_process_says_no_without_a_traceback(database: None) -> None:
    done = _run("--type", "odd", "--context", "@/dev/zero")
    assert (done.returncode, done.stdout, b"Traceback" in done.stderr) == (2, b"", False)
    lines = _run(lines=b'{"item_type": "odd"}\n{"item_type": "\xff"}\n')
    assert (lines.returncode, lines.stdout, lines.stderr) == (
        1, b"line 1: item 1\n", b"line 2: refused: line: is no UTF-8 text\n"
    )  # fmt: skip
