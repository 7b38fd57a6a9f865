"""What was signed is proven for decades: a tree a day, one time-stamp, renewal of all, documents digested anew."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from tests.node.conftest import ARCHIVIST, DOCTOR, NURSE, admit
from tests.node.signing import CARE, COURSE, House, open_house

from benhan.cli import ledger
from benhan.cli.verify_files import verify_files
from benhan.kernel.faults import Fault
from benhan.kernel.settings import Settings
from benhan.node.evidence.keeping import Evidence
from benhan.node.packages.format import Kind
from benhan.node.packages.judging import judge_package
from benhan.node.packages.making import Packages, SignedFile
from benhan.node.packages.reading import open_package
from benhan.node.records.models import Paper, Record
from benhan.node.signatures.models import SignedPaper
from benhan.signing.ageing import Weakness
from benhan.signing.algorithms import AlgorithmPolicy, parse_policy
from benhan.signing.evidence_format import parse_record
from benhan.signing.verdicts import Indication
from benhan.signing.verify_evidence import judge_evidence
from benhan.signing.verify_file import judge_file
from benhan.store.ledger.chain import chain_all
from benhan.store.ledger.events import Event
from benhan.store.ledger.find import LedgerQuestion, find_entries
from benhan.store.ledger.proofs import prove
from benhan.store.ledger.roots import sign_days

FIRST = datetime(2025, 2, 3, 8, 30, tzinfo=UTC)
_weeks = itertools.count()
KEYS = "key,ec,256,,x\nkey,rsa,2048,,x\n"


@pytest.fixture(scope="module")
async def house(embedded_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A hospital of these tests alone: days of its ledger end one after the other."""
    async with open_house(embedded_url, tmp_path_factory.mktemp("evidence")) as found:
        await found.begin_anew()
        yield found


@pytest.fixture
async def hospital(house: House) -> House:
    """That hospital some week later, in the morning."""
    house.pki.down.clear()
    house.clock.at = FIRST + timedelta(days=7 * next(_weeks))
    return house


async def signed(hospital: House) -> tuple[Record, Paper, SignedPaper]:
    """One paper of a new patient, signed by the doctor."""
    hospital.stay = await admit(hospital.store)
    record, (paper, _) = await hospital.record_with(COURSE, CARE, author=DOCTOR)
    await hospital.sign(record, [paper], DOCTOR)
    file = await hospital.signatures.rows.file(record, paper.number, paper.version)
    assert file is not None
    return record, paper, file


async def evening(hospital: House) -> None:
    """The day ends, its root is signed, and the node does what waits."""
    hospital.clock.advance(days=1)
    await chain_all(hospital.store.database)
    await sign_days(hospital.store.database, hospital.store.keyring, hospital.clock.now())
    await hospital.keeper.keep_evidence()


async def record_of(hospital: House, file: SignedPaper) -> bytes:
    record = await hospital.records.read(_id(file))
    present = await hospital.signatures.rows.file(record, file.number, file.version)
    assert present is not None
    assert present.evidence_tree is not None
    return await hospital.evidence.record_of(present.evidence_tree, present.content_hash)


def _id(file: SignedPaper) -> str:
    from benhan.store.ids import encode_rid

    return encode_rid(file.record)


@pytest.fixture
async def kept(hospital: House) -> tuple[Record, Paper, SignedPaper]:
    found = await signed(hospital)
    await evening(hospital)
    return found


async def test_the_files_of_a_day_and_the_ledgers_root_hang_below_one_time_stamp(hospital: House) -> None:
    files = [(await signed(hospital))[2] for _ in range(3)]
    hospital.pki.asked.clear()
    await evening(hospital)
    assert hospital.pki.asked.count("tsa") == 1
    tokens = set()
    for each in files:
        record = await record_of(hospital, each)
        pdf = await hospital.signatures.bytes_of(each)
        found = await judge_evidence(record, pdf, hospital.pki.trust, hospital.clock.now())
        assert (found.finding.indication, found.proven_at) == (Indication.PASSED, hospital.clock.now())
        tokens.add(parse_record(record)[0][0].token)
    assert len(tokens) == 1
    tree = (await hospital.evidence.rows.newest())[-1].tree
    root = await hospital.evidence.rows.root_of(tree)
    assert root is not None
    of_root = await hospital.evidence.record_of(tree, hashlib.sha256(root.signed_bytes()).digest())
    found = await judge_evidence(of_root, root.signed_bytes(), hospital.pki.trust, hospital.clock.now())
    assert found.finding.indication is Indication.PASSED


async def test_a_file_with_one_more_signature_is_proven_anew(
    hospital: House, kept: tuple[Record, Paper, SignedPaper]
) -> None:
    record, paper, file = kept
    await hospital.records.store.database.execute("update signing_step set state = 'signed' where state = 'queued'")
    before = await record_of(hospital, file)
    pdf = await hospital.signatures.bytes_of(file)
    await hospital.sign(record, [paper], NURSE)
    after = await hospital.signatures.rows.file(record, paper.number, paper.version)
    assert after is not None
    assert (after.signatures, after.evidence_tree) == (2, None)
    assert (await judge_evidence(before, pdf, hospital.pki.trust, hospital.clock.now())).proven_at is not None
    await evening(hospital)
    pdf = await hospital.signatures.bytes_of(after)
    found = await judge_file(pdf, hospital.pki.trust, hospital.clock.now(), records=[await record_of(hospital, after)])
    assert found.indication is Indication.PASSED


async def test_one_time_stamp_renews_all_before_the_servers_certificate_ends(
    hospital: House, kept: tuple[Record, Paper, SignedPaper]
) -> None:
    """It ends with 2032; the doctor's ended with 2028."""
    standing = await hospital.evidence.standing()
    assert (standing.unstamped, sum(standing.due.values())) == (0, 0)
    assert standing.next is not None
    assert (standing.next.at.year, standing.next.by) == (2033, Weakness.CERTIFICATE)
    hospital.clock.at = datetime(2032, 3, 1, tzinfo=UTC)
    assert (await hospital.evidence.standing()).due[Weakness.CERTIFICATE] == standing.trees
    hospital.pki.asked.clear()
    assert await hospital.evidence.renew() == standing.trees
    assert hospital.pki.asked.count("tsa") == 1
    record = await record_of(hospital, kept[2])
    assert [len(each) for each in parse_record(record)] == [2]
    pdf = await hospital.signatures.bytes_of(kept[2])
    later = datetime(2032, 12, 1, tzinfo=UTC)
    assert (await judge_file(pdf, hospital.pki.trust, later, records=[record])).indication is Indication.PASSED


class _Aged(Evidence):
    """Evidence by a policy of one's own."""

    policy: AlgorithmPolicy

    @property
    def _policy(self) -> AlgorithmPolicy:
        return self.policy


def aged(hospital: House, refused_from: str) -> _Aged:
    evidence = _Aged(hospital.store, hospital.signatures.blobs, hospital.signatures.services)
    evidence.policy = parse_policy(
        f"kind,name,min_bits,refused_from,source\ndigest,sha256,,{refused_from},x\ndigest,sha512,,,x\n{KEYS}"
    )
    return evidence


async def test_every_file_is_digested_anew_a_tree_at_a_time_and_goes_on_where_it_was_stopped(
    hospital: House, kept: tuple[Record, Paper, SignedPaper]
) -> None:
    (_, _, other) = await signed(hospital)
    await evening(hospital)
    evidence = aged(hospital, "2025-12-01")
    due = len(await evidence.to_digest())
    assert due >= 2

    class Stopped(Exception):
        pass

    def stop(_done: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        await evidence.digest_anew(stop)
    assert len(await evidence.to_digest()) == due - 1
    done = await evidence.digest_anew()
    assert (await evidence.to_digest(), done.damaged) == ([], 0)
    for each in (kept[2], other):
        record = await record_of(hospital, each)
        assert [len(chain) for chain in parse_record(record)] == [1, 1]
        found = await judge_evidence(
            record, await hospital.signatures.bytes_of(each), hospital.pki.trust, hospital.clock.now()
        )
        assert (found.finding.indication, found.stamps) == (Indication.PASSED, 2)


async def test_with_the_server_away_the_tree_waits_and_is_stamped_when_it_is_back(hospital: House) -> None:
    _, _, file = await signed(hospital)
    hospital.pki.down.add("tsa")
    with pytest.raises(Fault, match="BA-5010"):
        await evening(hospital)
    assert (await hospital.evidence.standing()).unstamped >= 1
    with pytest.raises(Fault, match="BA-5480"):
        await record_of(hospital, file)
    hospital.pki.down.clear()
    await evening(hospital)
    assert (await hospital.evidence.standing()).unstamped == 0
    assert await record_of(hospital, file)


async def proof_of(hospital: House, record: Record, paper: Paper, _file: SignedPaper) -> str:
    """The proof of the ledger that a paper was signed."""
    store = hospital.store
    question = LedgerQuestion((record.patient,), events=(Event.PAPER_SIGN.number,))
    (entry, *_) = await find_entries(store.database, question, before=2**62, count=1)
    return (await prove(store.database, store.keyring, entry.seq)).to_json()


async def test_of_an_altered_file_and_of_another_the_command_says_that_it_is_not_proven(
    hospital: House, kept: tuple[Record, Paper, SignedPaper], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = tmp_path / "trust"
    trust.mkdir()
    (trust / "root.crt").write_bytes(hospital.pki.certificate("root").dump())
    pdf = tmp_path / "to.pdf"
    pdf.write_bytes(await hospital.signatures.bytes_of(kept[2]))
    beside = tmp_path / "to.pdf.ers"
    beside.write_bytes(await record_of(hospital, kept[2]))
    await asyncio.to_thread(verify_files, [pdf], trust, None, "", as_json=True, html=None)
    told = json.loads(capsys.readouterr().out)
    assert told["indication"] == "TOTAL-PASSED"
    assert told["evidence"][0]["proven_at"] == hospital.clock.now().isoformat()
    assert told["ledger"] is None
    proof = tmp_path / "entry.json"
    proof.write_text(await proof_of(hospital, *kept), "utf-8")
    await asyncio.to_thread(verify_files, [pdf, proof], trust, None, "", as_json=True, html=None)
    told = json.loads(capsys.readouterr().out.splitlines()[0])
    assert told["ledger"]["event"] == "record:signature:make"
    _, _, other = await signed(hospital)
    pdf.write_bytes(await hospital.signatures.bytes_of(other))
    with pytest.raises(typer.Exit):
        await asyncio.to_thread(verify_files, [pdf], trust, None, "", as_json=True, html=None)
    told = json.loads(capsys.readouterr().out)
    assert (told["indication"], told["evidence"][0]["sub_indication"]) == ("TOTAL-FAILED", "HASH_FAILURE")


async def test_a_package_carries_the_records_of_its_signed_papers_and_is_judged_by_them(
    hospital: House, kept: tuple[Record, Paper, SignedPaper]
) -> None:
    """The doctor's certificate ends with 2028; each paper of the package is judged with the record that lies by it."""
    record, _, file = kept

    async def signed_files(_record: Record) -> list[SignedFile]:
        files = await hospital.signatures.rows.files(record)
        proofs = await hospital.evidence.of_files(files)
        return [
            SignedFile(each.number, each.version, await hospital.signatures.bytes_of(each), proof)
            for each, proof in zip(files, proofs, strict=True)
        ]

    making = Packages(hospital.records, "https://hospital.test/fhir", None, signed_files)
    package = open_package((await making.make(record.id, ARCHIVIST)).content)
    ((part, evidence),) = package.of_kind(Kind.EVIDENCE)
    assert part.path == f"proofs/001-v{file.version}.pdf.ers"
    events = {part.title for part, _ in package.of_kind(Kind.PROOF)}
    assert "record:signature:make" in events
    found = await judge_package(package, hospital.pki.trust, datetime(2029, 6, 1, tzinfo=UTC))
    of_record = [each for each in found.judged if each.title == ".ers"]
    assert [each.indication for each in of_record] == [Indication.PASSED]
    package.contents[part.path] = evidence.replace(file.content_hash, bytes(32))
    found = await judge_package(package, hospital.pki.trust, hospital.clock.now())
    assert [each.path for each in found.failed] == [f"signed/001-v{file.version}.pdf"]


async def test_the_commands_tell_what_is_due_and_do_it(
    hospital: House, kept: tuple[Record, Paper, SignedPaper], monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def node_of(_settings: object) -> AsyncIterator[object]:
        yield SimpleNamespace(
            store=hospital.store, signing=SimpleNamespace(evidence=hospital.evidence, signatures=hospital.signatures)
        )

    monkeypatch.setattr("benhan.wiring.open_node", node_of)
    _, _, new = await signed(hospital)
    hospital.clock.advance(days=1)
    waiting = await ledger._evidence(Settings())
    assert waiting.unproven >= 1
    done = await ledger._renew(Settings())
    assert (done.gathered >= 2, done.stamped >= 1, done.digested.files) == (True, True, 0)
    assert await record_of(hospital, new)
    told = ledger._standing(await ledger._evidence(Settings()))
    assert any("2033-01-01" in line for line in told)
    monkeypatch.setattr(hospital.signatures, "services", None)
    with pytest.raises(Fault, match="BA-5119"):
        await ledger._renew(Settings())


async def test_a_damaged_file_is_told_and_does_not_keep_the_others(
    hospital: House, kept: tuple[Record, Paper, SignedPaper], monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = aged(hospital, "2025-12-01")
    whole = evidence._bytes

    async def altered(address: str, patient: int) -> bytes:
        content = await whole(address, patient)
        return content + b" " if address == kept[2].address else content

    monkeypatch.setattr(evidence, "_bytes", altered)
    done = await evidence.digest_anew()
    assert done.damaged == 1
    assert [len(each) for each in parse_record(await record_of(hospital, kept[2]))] == [1]
