"""Holds docs/vendors.md to the tree: nothing documented is left out of it, and every proof that it names exists."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sora_portal.providers.reading import STATE_WORDS
from tests.providers.answers.test_taxonomy_table import CREATE, FAIL_CODES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "vendors.md").read_text(encoding="utf-8")
SHIPPED = json.loads((ROOT / "sora_portal" / "catalog" / "shipped.json").read_text(encoding="utf-8"))
SECTIONS = {"ruxa": "## Ruxa AI", "apixo": "## APIXO", "sora2api": "## Sora2API"}
PROOF = re.compile(r"^\| ([a-z0-9-]+) \| `([\w./]+)::(\w+)` \|$", re.MULTILINE)
PROOFS = {short: (path, name) for short, path, name in PROOF.findall(PAGE)}
# What the pages name besides the generation fields of the catalog's rows.
ENVELOPE = {
    "ruxa": {"model", "input", "callBackUrl"},
    "apixo": {"request_type", "callback_url", "provider", "input"},
    "sora2api": {"callBackUrl"},
}
STATES = {
    "ruxa": {"waiting", "queuing", "generating", "success", "completed", "fail"},
    "apixo": {"pending", "processing", "success", "failed"},
}
ANSWERS = {
    "ruxa": {"taskId", "resultJson", "resultUrls", "failMsg"},
    "apixo": {"resultJson", "failCode", "failMsg", "createTime", "completeTime", "costTime"},
    "sora2api": {
        *("taskId", "paramJson", "promptJson", "completeTime", "createTime", "response.imageUrl", "resultUrls"),
        *("successFlag", "errorCode", "errorMessage"),
    },
}


def section(vendor: str) -> str:
    """Return the part of the page about one vendor."""
    _, _, rest = PAGE.partition(f"\n{SECTIONS[vendor]}\n")
    return re.split(r"\n## ", rest, maxsplit=1)[0]


def code_words(text: str) -> set[str]:
    """Return everything that stands as code in `text`."""
    return set(re.findall(r"`([^`\n]+)`", text))


def parameters(vendor: str) -> set[str]:
    """Return the wire name of everything that the shipped rows of a vendor can send."""
    connections = {row["slug"]: row["vendor"] for row in SHIPPED["connections"]}
    rows = [row for row in SHIPPED["models"] if connections[row["connection"]] == vendor]
    return {name for row in rows for name in _wires(row["spec"])}


def _wires(spec: dict[str, Any]) -> Iterator[str]:
    yield spec["prompt"].get("wire", "prompt")
    yield from spec.get("constants", {})
    yield from spec.get("constants_top", {})
    for field in spec["fields"]:
        yield from (field[key] for key in ("wire", "span_wire", "task_wire") if key in field)


@pytest.mark.parametrize("vendor", SECTIONS)
def test_every_parameter_of_the_catalog_and_the_envelope_is_in_the_table(vendor: str) -> None:
    assert (parameters(vendor) | ENVELOPE[vendor]) - code_words(section(vendor)) == set()


@pytest.mark.parametrize("vendor", SECTIONS)
def test_every_documented_state_code_and_field_of_an_answer_is_in_the_table(vendor: str) -> None:
    text = section(vendor)
    assert STATES.get(vendor, set()) <= STATE_WORDS.keys()
    assert (STATES.get(vendor, set()) | ANSWERS[vendor]) - code_words(text) == set()
    cells = {cell for row in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE) for cell in re.split(r"\W+", row)}
    # Ruxa lists neither 400 nor 503: clients met Chinese texts under them.
    unlisted = {"400", "503"} if vendor == "ruxa" else set()
    codes = {str(code) for name, code, *_ in CREATE if name == vendor} - unlisted | {"200"}
    flags = {"0", "1", "2", "3"} if vendor == "sora2api" else set()
    assert (codes | flags) - cells == set()


def test_every_fail_code_and_every_chinese_text_is_in_the_table() -> None:
    assert {word for word, _ in FAIL_CODES} - {"SomethingNew"} - code_words(section("apixo")) == set()
    for text in ("积分不足", "余额不足", "未找到支持模型", "渠道", "模型不存在"):
        assert text in section("ruxa")


def test_every_row_has_a_proof_and_every_proof_is_used() -> None:
    used = set()
    for vendor in (*SECTIONS, ""):
        text = section(vendor) if vendor else PAGE.partition("\n## At all three\n")[2].partition("\n## ")[0]
        for row in re.findall(r"^\|(.+)\|$", text, re.MULTILINE):
            proofs = row.rpartition("|")[2].strip()
            if proofs in ("proof", "---"):  # the head of a table
                continue
            assert proofs, row
            assert set(proofs.split(", ")) <= PROOFS.keys(), row
            used |= set(proofs.split(", "))
    assert PROOFS.keys() - used == set()


@pytest.mark.parametrize("short", PROOFS)
def test_proof_exists(short: str) -> None:
    path, name = PROOFS[short]
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", SHIPPED["models"], ids=lambda row: str(row["slug"]))
def test_the_rhythm_of_every_row_is_in_the_table(row: dict[str, Any]) -> None:
    vendors = [connection["vendor"] for connection in SHIPPED["connections"]]
    (line,) = [line for line in PAGE.splitlines() if line.startswith("| first question, then every |")]
    cells = dict(zip(vendors, line.split("|")[2:], strict=False))
    vendor = next(each["vendor"] for each in SHIPPED["connections"] if each["slug"] == row["connection"])
    assert f"{row['spec']['first_poll']} s, {row['spec']['interval']} s" in cells[vendor]
