"""A proof is checked without the store, and anything altered in it shows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from benhan.kernel.faults import Incorrect
from benhan.store.ledger.canonical import START, Recorded, canonical_bytes, link, recorded_of_json
from benhan.store.ledger.merkle import MerkleTree
from benhan.store.ledger.proofs import Inclusion, Proof, parse_proof, verify_inclusion
from benhan.store.ledger.roots import DayRoot

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()


def entries() -> list[Recorded]:
    at = datetime(2026, 3, 10, 5, tzinfo=UTC)
    return [Recorded(seq, at, 9 << 51, seq, 1, 9, 4, 90, "account:7", "doctor", "ab" * 16, "") for seq in range(41, 54)]


@pytest.fixture
def proof() -> Proof:
    tree, last, previous = MerkleTree(5), START, START
    for entry in entries():
        if entry.seq == 46:
            previous = last
        last = link(last, canonical_bytes(entry))
        tree.add(last)
    root = DayRoot(date(2026, 3, 10), 41, 53, tree.root())
    root = replace(root, signature=KEY.sign(root.signed_bytes()))
    return Proof(entries()[5], previous, tuple(tree.path()), root, PUBLIC)


def test_a_proof_survives_its_json(proof: Proof) -> None:
    assert parse_proof(proof.to_json()) == proof
    assert verify_inclusion(parse_proof(proof.to_json()), PUBLIC) is Inclusion.PROVEN


@pytest.mark.parametrize(
    ("field", "value"),
    [("actor", "account:8"), ("seq", 47), ("patient", 1), ("role", "nurse"), ("version", 2), ("detail", "{}")],
)
def test_an_altered_entry_is_not_in_the_root(proof: Proof, field: str, value: Any) -> None:
    altered = replace(proof, entry=replace(proof.entry, **{field: value}))
    assert verify_inclusion(altered, PUBLIC) is Inclusion.NOT_IN_ROOT


@pytest.mark.parametrize("field", ["previous", "path"])
def test_an_altered_path_does_not_lead_to_the_root(proof: Proof, field: str) -> None:
    altered = replace(proof, **{field: proof.path[::-1] if field == "path" else START})
    assert verify_inclusion(altered, PUBLIC) is Inclusion.NOT_IN_ROOT


@pytest.mark.parametrize("field", ["day", "signature"])
def test_a_root_signed_for_something_else_is_refused(proof: Proof, field: str) -> None:
    value = date(2026, 3, 11) if field == "day" else bytes(64)
    altered = replace(proof, root=replace(proof.root, **{field: value}))
    assert verify_inclusion(altered, PUBLIC) is Inclusion.BAD_SIGNATURE


def test_another_stores_key_does_not_vouch(proof: Proof) -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    assert verify_inclusion(proof, other) is Inclusion.BAD_SIGNATURE
    assert verify_inclusion(proof, b"short") is Inclusion.BAD_SIGNATURE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told.pop("entry"),
        lambda told: told.update(path="abc"),
        lambda told: told.update(path=[1]),
        lambda told: told.update(day="yesterday"),
        lambda told: told.update(format="other"),
        lambda told: told["entry"].update(patient="not a rid"),
        lambda told: told["entry"].update(seq="x"),
        lambda told: told.update(root=None),
    ],
)
def test_what_is_not_a_proof_is_refused(proof: Proof, spoil: Any) -> None:
    told = json.loads(proof.to_json())
    spoil(told)
    with pytest.raises(Incorrect, match="BA-0514"):
        parse_proof(json.dumps(told))


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_only_our_fault_comes_out_of_any_text(text: str) -> None:
    with pytest.raises(Incorrect):
        parse_proof(text)


@given(st.integers(-(2**40), 2**40), st.text(max_size=40), st.integers(0, 2**63 - 1))
def test_an_entry_survives_its_json(version: int, actor: str, rid: int) -> None:
    entry = replace(entries()[0], version=version, actor=actor, rid=rid)
    assert recorded_of_json(json.loads(json.dumps(entry.to_json()))) == entry


def test_a_number_out_of_range_proves_nothing(proof: Proof) -> None:
    altered = replace(proof, entry=replace(proof.entry, version=2**40))
    assert verify_inclusion(altered) is Inclusion.NOT_IN_ROOT
