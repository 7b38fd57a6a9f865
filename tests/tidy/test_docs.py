from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def make_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "tools/make_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_fault_codes_are_unique_and_of_the_form(make_docs: ModuleType) -> None:
    codes = make_docs.fault_codes()
    assert len(codes) > 20
    assert all(re.fullmatch(r"BA-\d{4}", code) for code in codes)


def test_every_fault_speaks_both_languages(make_docs: ModuleType) -> None:
    for code, (found, _module) in make_docs.fault_codes().items():
        assert found.text.vi, code
        assert found.text.en, code
        assert found.text.vi != found.text.en, code
        places = [set(re.findall(r"{(\w+)}", text)) for text in found.text]
        assert places[0] == places[1], f"{code}: the two languages name different places"


@pytest.mark.parametrize("page", ["errors.md", "settings.md", "audit-events.md", "cli.md", "interfaces/bhyt-rules.md"])
def test_generated_pages_are_fresh(make_docs: ModuleType, page: str) -> None:
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == make_docs.PAGES[page](), "run `make docs`"


def test_every_dependency_has_its_line() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    told = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    for requirement in wanted:
        name = re.split(r"[<>=;\[ ]", requirement)[0]
        assert f"| {name} |" in told, f"{name} is not in docs/dependencies.md"
