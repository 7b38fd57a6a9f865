"""Codes are found by number and by words, with or without accents."""

from __future__ import annotations

import pytest

from benhan.node.code_picker import Choice, CodePicker
from benhan.store.store import Store


@pytest.mark.parametrize("typed", ["J18.9", "j18.9", "viêm phổi", "VIEM PHOI", "phoi viem"])
async def test_a_diagnosis_is_found_however_it_is_typed(store: Store, typed: str) -> None:
    found = await CodePicker(store.terminology).find("icd10", typed)
    assert Choice("J18.9", "Viêm phổi") in (found or [])


async def test_nothing_typed_finds_nothing(store: Store) -> None:
    assert await CodePicker(store.terminology).find("icd10", "  ") == []


async def test_a_list_that_the_hospital_has_not_is_told_apart_from_one_without_such_a_code(store: Store) -> None:
    picker = CodePicker(store.terminology)
    assert await picker.find("icd9-pttt", "x") is None
    assert await picker.find("icd10", "khongcoma") == []
