"""The commands that need no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from benhan.cli import keys, ledger
from benhan.kernel.faults import Conflict
from benhan.store.ledger.canonical import START, Recorded, canonical_bytes, link
from benhan.store.ledger.merkle import MerkleTree
from benhan.store.ledger.proofs import Proof
from benhan.store.ledger.roots import DayRoot

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def proof_in(folder: Path) -> Path:
    entry = Recorded(1, datetime(2026, 3, 10, tzinfo=UTC), 0, 0, 0, 0, 43, 0, "account:7", "doctor", "00" * 16, "")
    tree = MerkleTree(0)
    tree.add(link(START, canonical_bytes(entry)))
    root = DayRoot(date(2026, 3, 10), 1, 1, tree.root())
    root = replace(root, signature=KEY.sign(root.signed_bytes()))
    path = folder / "proof.json"
    path.write_text(Proof(entry, START, (), root, KEY.public_key().public_bytes_raw()).to_json(), encoding="ascii")
    return path


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    return proof_in(tmp_path)


def test_a_proof_is_checked_against_the_published_key(proof: Path) -> None:
    key = KEY.public_key().public_bytes_raw().hex()
    assert CliRunner().invoke(ledger.app, ["check", str(proof), "--key", key]).exit_code == 0
    assert CliRunner().invoke(ledger.app, ["check", str(proof), "--key", "00" * 32]).exit_code == 70
    assert CliRunner().invoke(ledger.app, ["check", str(proof), "--key", "xyz"]).exit_code == 2


def test_an_altered_proof_is_not_proven(proof: Path) -> None:
    proof.write_text(proof.read_text(encoding="ascii").replace("account:7", "account:8"), encoding="ascii")
    assert CliRunner().invoke(ledger.app, ["check", str(proof)]).exit_code == 70


def test_init_makes_a_key_once_and_says_where(tmp_path: Path) -> None:
    assert CliRunner().invoke(keys.app, ["init", "--data", str(tmp_path)]).exit_code == 0
    assert (tmp_path / "keys" / "kek.json").stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(keys.app, ["init", "--data", str(tmp_path)])
    assert isinstance(again.exception, Conflict)


def test_a_mistyped_confirmation_destroys_nothing(tmp_path: Path) -> None:
    command = ["shred", "5bchhk4p4bfa1", "--confirm", "5bchhk4p4bfa2", "--data", str(tmp_path)]
    assert CliRunner().invoke(keys.app, command).exit_code == 2
    assert not (tmp_path / "postgres").exists()
