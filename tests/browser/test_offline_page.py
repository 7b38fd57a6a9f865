"""The page that verifies without network: in a browser, from a file, never claiming more than it has checked."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.clocks import SetClock

from benhan.kernel.ids import SystemRandom
from benhan.node.packages.format import FORMAT, About, File, Kind, Manifest, Person, Sender, manifest_bytes
from benhan.node.packages.writing import package_to_bytes
from benhan.signing.batch import Services, sign_pdfs
from benhan.signing.cms import detached
from benhan.signing.pades import Place
from benhan.signing.timestamps import stamping
from benhan.store.ids import encode_rid
from benhan.store.ledger.canonical import START, Recorded, canonical_bytes, link
from benhan.store.ledger.merkle import MerkleTree
from benhan.store.ledger.proofs import Proof
from benhan.store.ledger.roots import DayRoot
from benhan.testing.pki import TestPki

PAGE = Path(__file__).parents[2] / "src" / "benhan" / "web" / "static" / "verify.html"
AT = datetime(2026, 11, 26, 8, 30, 0, 123456, tzinfo=UTC)
pytestmark = pytest.mark.browser
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw().hex()
DAY = date(2026, 11, 26)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A signed page, a detached signature by an RSA key and by one on a curve, a proof, a package of them."""
    return asyncio.run(_made(TestPki(tmp_path_factory.mktemp("pki"), SetClock(AT))))


async def _made(pki: TestPki) -> dict[str, bytes]:
    import typst

    page = typst.Compiler().compile({"main.typ": "Tờ điều trị".encode()}, pdf_standards=["a-3b"])
    assert isinstance(page, bytes)
    services = Services(pki.trust, pki.ask, stamping(pki.post, SystemRandom()))
    (signed,) = [each async for each in sign_pdfs([(page, Place("Ky1"))], pki.signer("doctor"), services, AT)]
    made = {"to.pdf": signed.pdf, "another.pdf": page, "note.json": b'{"a":1}', "curve.json": b'{"b":2}'}
    for name, who in (("note.json", "doctor"), ("curve.json", "curve")):
        made[f"{name}.p7s"] = await _beside(pki, who, made[name])
    made["proof.json"] = proof_of(signed.pdf).to_json().encode()
    made["package.zip"] = await package(pki, signed.pdf)
    return made


async def _beside(pki: TestPki, who: str, content: bytes) -> bytes:
    waiting = detached(content, pki.identity(who), claimed_at=AT)
    (made,) = await pki.signer(who).sign([waiting.attributes])
    return waiting.with_signature(made).der


async def package(pki: TestPki, pdf: bytes) -> bytes:
    parts = [
        File("document.fhir.json", Kind.DOCUMENT, "application/fhir+json", b'{"resourceType":"Bundle"}' * 200),
        File("signed/001-v1.pdf", Kind.SIGNED, "application/pdf", pdf),
        File("proofs/3.json", Kind.PROOF, "application/json", proof_of(pdf).to_json().encode()),
    ]
    person = Person("Trần Thị Mận", "1980-01-01", "female")
    told = Manifest(
        FORMAT, "2026-11-26T08:30:00Z", Sender("01001", "Bệnh viện Thử"), person,
        About("1", "01/BV-01", "Nội khoa", "26.0001", "archived", "", ""), tuple(each.part for each in parts), PUBLIC,
    )  # fmt: skip
    manifest = manifest_bytes(told)
    return package_to_bytes(parts, manifest, await _beside(pki, "hospital", manifest))


def proof_of(pdf: bytes) -> Proof:
    """That entry 3 of 5 says that this file was signed."""
    detail = json.dumps({"paper": 1, "signed": 1, "file": hashlib.sha256(pdf).hexdigest()})
    entries = [
        Recorded(seq, AT, 2**62 + 7, 2**61 + seq, 1, 17, 120, 5, "account:7", "doctor", "ab" * 16, detail)
        for seq in range(1, 6)
    ]
    tree, hashes = MerkleTree(2), [START]
    for entry in entries:
        hashes.append(link(hashes[-1], canonical_bytes(entry)))
        tree.add(hashes[-1])
    root = DayRoot(DAY, 1, 5, tree.root())
    root = replace(root, signature=KEY.sign(root.signed_bytes()))
    return Proof(entries[2], hashes[2], tuple(tree.path()), root, KEY.public_key().public_bytes_raw())


@pytest.fixture
async def page(browser: Any, tmp_path: Path) -> AsyncIterator[Any]:
    """The page as somebody has it on a stick, without network."""
    context = await browser.new_context(viewport={"width": 1000, "height": 700}, offline=True)
    found = await context.new_page()
    wrong: list[str] = []
    found.on("pageerror", lambda error: wrong.append(str(error)))
    copy = tmp_path / "kiem-tra.html"
    copy.write_bytes(PAGE.read_bytes())
    await found.goto(copy.as_uri())
    yield found
    await context.close()
    assert wrong == []


async def told(page: Any, key: str = "", **chosen: bytes) -> dict[str, tuple[str, str]]:
    """What the page says of files: the verdict and the words, by name."""
    await page.reload()
    if key:
        await page.fill("#key", key)
        await page.press("#key", "Enter")
    given = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in chosen.items()
    ]
    await page.set_input_files("#files", given)
    await page.locator(f'#working[data-turns="{2 if key else 1}"]').wait_for(timeout=15_000)
    assert await page.inner_text("#working") == "Đã kiểm tra xong."
    found = {}
    for card in await page.query_selector_all("section"):
        verdict = await (await card.query_selector(".verdict")).get_attribute("data-verdict")
        found[await (await card.query_selector("h2")).inner_text()] = (verdict, await card.inner_text())
    return found


SLOW = pytest.mark.slow


@pytest.mark.parametrize("name", ["note.json", pytest.param("curve.json", marks=SLOW)])
async def test_a_signature_that_holds_is_left_open_for_the_command(
    page: Any, files: dict[str, bytes], name: str
) -> None:
    found = await told(page, **{name: files[name], f"{name}.p7s": files[f"{name}.p7s"]})
    ((verdict, words),) = found.values()
    assert verdict == "open"
    assert "khớp nội dung" in words
    assert "benhan verify" in words


@pytest.mark.parametrize("name", ["curve.json", pytest.param("note.json", marks=SLOW)])
async def test_altered_content_and_signatures_fail(page: Any, files: dict[str, bytes], name: str) -> None:
    signature = files[f"{name}.p7s"]
    assert (await told(page, **{name: b"{}", f"{name}.p7s": signature}))[f"{name}.p7s"][0] == "failed"
    altered = signature[:-3] + bytes([signature[-3] ^ 1]) + signature[-2:]
    assert (await told(page, **{name: files[name], f"{name}.p7s": altered}))[f"{name}.p7s"][0] == "failed"


async def test_a_signed_pdf_is_checked_over_its_ranges(page: Any, files: dict[str, bytes], shoot: Any) -> None:
    verdict, words = (await told(page, **{"to.pdf": files["to.pdf"]}))["to.pdf"]
    assert verdict == "open"
    assert words.count("khớp nội dung") == 2  # the signature and the time-stamp of the file
    assert "Nguyễn Thị Bác Sĩ" in words
    altered = files["to.pdf"].replace(b"/Type/Page", b"/Type/Paqe", 1)
    assert altered != files["to.pdf"]
    assert (await told(page, **{"to.pdf": altered}))["to.pdf"][0] == "failed"
    await shoot(page, "offline-altered")


async def test_a_file_is_told_to_be_in_the_ledger_where_its_proof_is_given(
    page: Any, files: dict[str, bytes], shoot: Any
) -> None:
    chosen = {"proof.json": files["proof.json"], "to.pdf": files["to.pdf"]}
    found = await told(page, PUBLIC, **chosen)
    assert found["proof.json"][0] == "passed"
    assert "Đúng tệp này có trong nhật ký ngày 2026-11-26, mục 3" in found["to.pdf"][1]
    await shoot(page, "offline-proven")
    assert (await told(page, **chosen))["proof.json"][0] == "open"  # by the proof's own key nobody knows who made it
    assert (await told(page, "00" * 32, **chosen))["proof.json"][0] == "failed"
    other = await told(page, PUBLIC, **{**chosen, "to.pdf": files["another.pdf"]})
    assert "nói về tệp khác" in other["to.pdf"][1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"account:7"', '"account:8"'),
        pytest.param('"day": "2026-11-26"', '"day": "2026-11-27"', marks=SLOW),
        pytest.param('"seq": 3', '"seq": 4', marks=SLOW),
        pytest.param(encode_rid(2**62 + 7), encode_rid(2**62 + 8), marks=SLOW),
        pytest.param(".123456", ".123457", marks=SLOW),
    ],
)
async def test_an_altered_proof_fails(page: Any, files: dict[str, bytes], before: str, after: str) -> None:
    altered = files["proof.json"].decode().replace(before, after)
    assert altered != files["proof.json"].decode()
    assert (await told(page, PUBLIC, **{"proof.json": altered.encode()}))["proof.json"][0] == "failed"


async def test_a_package_is_held_to_its_list_and_its_files_to_their_signatures(
    page: Any, files: dict[str, bytes], shoot: Any
) -> None:
    found = await told(page, **{"package.zip": files["package.zip"]})
    assert set(found) == {"package.zip", "signed/001-v1.pdf", "proofs/3.json"}
    assert "3 tệp đúng như bảng kê" in found["package.zip"][1]
    assert "nhập khoá bệnh viện đã công bố" in found["proofs/3.json"][1]
    assert found["package.zip"][0] == "open"
    assert "Đúng tệp này có trong nhật ký" in found["signed/001-v1.pdf"][1]
    await shoot(page, "offline-package")
    altered = bytearray(files["package.zip"])
    place = files["package.zip"].index(b"Bundle") if b"Bundle" in files["package.zip"] else len(altered) // 2
    altered[place] ^= 1
    found = await told(page, **{"package.zip": bytes(altered)})
    assert found["package.zip"][0] == "failed"


@SLOW
async def test_what_it_cannot_judge_it_says(page: Any) -> None:
    found = await told(page, **{"x.docx": b"hello", "y.p7s": b"\x30\x80", "z.zip": b"PK\x03\x04" + bytes(30)})
    assert [found[name][0] for name in ("x.docx", "y.p7s", "z.zip")] == ["open", "open", "failed"]


async def test_nothing_of_it_may_reach_the_network() -> None:
    html = PAGE.read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert not [word for word in ("http://", "https://", "src=", "fetch(", "XMLHttp", "import(") if word in html]
