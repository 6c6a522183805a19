"""Holds the look to its rules: vendored files match VENDOR.md, no template needs what the content policy forbids."""

import hashlib
import re
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
VENDOR_ROW = re.compile(r"^\| (?P<file>(?:static|tests)/\S+) \|.*\| (?P<digest>[0-9a-f]{64}) \|$", re.MULTILINE)

FORBIDDEN = {
    "inline style": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "event attribute": re.compile(r"\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on": re.compile(r"\bhx-on\b"),
    "evaluated value": re.compile(r"""=\s*["'](?:js|javascript):""", re.IGNORECASE),
    "trigger filter": re.compile(r"""hx-trigger=(?:"[^"]*\[|'[^']*\[)"""),
    "foreign origin": re.compile(r"""(?:src|href)=["'](?:https?:)?//""", re.IGNORECASE),
}


def vendored() -> dict[str, str]:
    """Return the table of VENDOR.md: path from the repository root -> sha256."""
    table = (STATIC / "vendor" / "VENDOR.md").read_text(encoding="utf-8")
    return {row["file"]: row["digest"] for row in VENDOR_ROW.finditer(table)}


def without_comments(source: str) -> str:
    """Return template source without its comments, which may name what the markup must not contain."""
    source = re.sub(r"\{#.*?#\}", "", source)
    return re.sub(r"\{%\s*comment.*?endcomment\s*%\}", "", source, flags=re.DOTALL)


def shortened(template: Path) -> str:
    return str(template.relative_to(ROOT / "templates"))


@pytest.mark.parametrize(("file", "digest"), vendored().items())
def test_vendored_file_matches_its_recorded_hash(file: str, digest: str) -> None:
    assert hashlib.sha256((ROOT / file).read_bytes()).hexdigest() == digest


def test_every_file_in_the_vendor_folders_is_recorded() -> None:
    folders = (STATIC / "vendor", ROOT / "tests" / "vendor")
    present = {
        str(path.relative_to(ROOT)) for folder in folders for path in folder.iterdir() if path.name != "VENDOR.md"
    }
    assert present | {"static/icons.svg"} == set(vendored())


@pytest.mark.parametrize("script", sorted(STATIC.rglob("*.js")), ids=lambda path: path.name)
def test_script_names_no_source_map(script: Path) -> None:
    """A manifest storage refuses to collect a script whose map is missing."""
    assert "sourceMappingURL" not in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("template", TEMPLATES, ids=shortened)
def test_template_keeps_to_the_content_policy(template: Path) -> None:
    source = without_comments(template.read_text(encoding="utf-8"))
    assert [rule for rule, pattern in FORBIDDEN.items() if pattern.search(source)] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=shortened)
def test_what_a_template_includes_is_there(template: Path) -> None:
    """Django finds out when the line is rendered, which may be in a branch that no test takes."""
    for name in re.findall(r'\{% (?:include|extends) "([^"#]+)', template.read_text(encoding="utf-8")):
        get_template(name)


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_forbidden_pattern_finds_an_offender(rule: str) -> None:
    offenders = {
        "inline style": '<p style="color:red">',
        "style element": "<style>p{}</style>",
        "inline script": "<script>go()</script>",
        "event attribute": '<a onclick="go()">',
        "hx-on": '<a hx-on:click="go()">',
        "evaluated value": """<a hx-vals='js:{"a": 1}'>""",
        "trigger filter": '<div hx-trigger="every 3s [live]">',
        "foreign origin": '<script src="https://cdn.example/x.js">',
    }
    assert FORBIDDEN[rule].search(offenders[rule])


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    named = {
        name
        for template in TEMPLATES
        for name in re.findall(r'\{% icon "([a-z0-9-]+)"', template.read_text(encoding="utf-8"))
    }
    assert named
    assert named - sprite == set()


def test_every_file_a_template_loads_exists() -> None:
    loaded = {
        path
        for template in TEMPLATES
        for path in re.findall(r"""\{%\s*static\s+["']([^"']+)["']""", template.read_text(encoding="utf-8"))
    }
    assert loaded
    assert [path for path in sorted(loaded) if not (STATIC / path).is_file()] == []


def test_every_module_the_scripts_import_exists() -> None:
    scripts = sorted((STATIC / "js").glob("*.js"))
    imported = {
        path
        for script in scripts
        for path in re.findall(r'from "\./([^"]+)"|import "\./([^"]+)"', script.read_text(encoding="utf-8"))
    }
    names = {name for pair in imported for name in pair if name}
    assert "polling.js" in names
    assert names - {script.name for script in scripts} == set()
