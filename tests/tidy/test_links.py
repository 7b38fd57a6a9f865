"""Relative links of the documents lead somewhere, and the files they name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")])
FENCE = re.compile(r"^[ \t]*```.*?^[ \t]*```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
OUTSIDE = re.compile(r"[a-z]+:")
NAMED = re.compile(r"`((?:docs|src|tests|benchmarks|tools)/[\w./-]+)`")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as code hosts make them."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def broken(path: Path, text: str) -> list[str]:
    """The links and named files of a document at `path` that are not there."""
    prose, found = FENCE.sub("", text), []
    for link in LINK.findall(prose):
        if OUTSIDE.match(link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or ROOT not in [target, *target.parents]:
            found.append(link)
            continue
        if anchor and anchor not in anchors(text if target == path else target.read_text(encoding="utf-8")):
            found.append(link)
    return found + [name for name in NAMED.findall(prose) if not (ROOT / name).exists()]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=shown)
def test_links_and_named_files_are_there(path: Path) -> None:
    assert broken(path, path.read_text(encoding="utf-8")) == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached, left = set[Path](), [ROOT / "README.md"]
    while left:
        path = left.pop()
        if path in reached or path.suffix != ".md" or not path.exists():
            continue
        reached.add(path)
        for link in LINK.findall(path.read_text(encoding="utf-8")):
            target = (path.parent / link.partition("#")[0]).resolve()
            left += sorted(target.glob("*.md")) if target.is_dir() else [target]
    ours = {each for each in DOCUMENTS if (ROOT / "src") not in each.parents}
    assert ours - reached == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](docs/nowhere.md)", ["docs/nowhere.md"]),
        ("[a](README.md) [b](docs/decisions) [c](https://example.org/x)", []),
        ("[a](README.md#try-it)", []),
        ("[a](README.md#no-such-heading)", ["README.md#no-such-heading"]),
        ("[a](../outside.md)", ["../outside.md"]),
        ("`src/benhan/nothing.py`", ["src/benhan/nothing.py"]),
        ("```\n[a](nowhere.md)\n```", []),
    ],
)
def test_a_link_that_leads_nowhere_is_noticed(text: str, found: list[str]) -> None:
    assert broken(ROOT / "CHANGELOG.md", text) == found
