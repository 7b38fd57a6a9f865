"""A PKI, a record printed on its form with its data inside, and short ways to sign it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.clocks import SetClock

from benhan.kernel.ids import SystemRandom
from benhan.node.printing import Attachment, papers_to_pdf
from benhan.signing.batch import Level, Services, sign_pdfs
from benhan.signing.pades import Place
from benhan.signing.timestamps import stamping
from benhan.testing.pki import TestPki
from benhan.vn.forms.catalogue import Catalogue

AT = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
FHIR = b'{"resourceType":"Bundle","type":"document"}'


class Desk:
    """Where people sign: the PKI's services, and a clock that a test moves."""

    def __init__(self, pki: TestPki, clock: SetClock) -> None:
        self.pki = pki
        self.clock = clock
        self.services = Services(pki.trust, pki.ask, stamping(pki.post, SystemRandom()))

    async def sign(
        self, pdf: bytes, who: str, level: Level = Level.LTA, place: Place | None = None, at: datetime | None = None
    ) -> bytes:
        """The PDF signed by one person of the PKI."""
        (file,) = [each async for each in self.signed([pdf], who, level, place, at)]
        return file.pdf

    def signed(
        self,
        pdfs: list[bytes],
        who: str,
        level: Level = Level.LTA,
        place: Place | None = None,
        at: datetime | None = None,
    ):
        files = [(pdf, place or Place(who, "Bác sĩ điều trị")) for pdf in pdfs]
        return sign_pdfs(files, self.pki.signer(who), self.services, at or self.clock.now(), level)


@pytest.fixture(scope="session")
def whole_pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    return TestPki(tmp_path_factory.mktemp("pki"), SetClock(AT))


@pytest.fixture
def desk(whole_pki: TestPki) -> Iterator[Desk]:
    assert isinstance(whole_pki.clock, SetClock)
    yield Desk(whole_pki, whole_pki.clock)
    whole_pki.clock.at = AT
    whole_pki.down.clear()
    whole_pki.asked.clear()


@pytest.fixture(scope="session")
def paper() -> bytes:
    """A page of a record, as it is printed for signing."""
    form = Catalogue().on("01/BV-01", date(2026, 11, 26))
    data = Attachment("ho-so.fhir.json", FHIR, "application/fhir+json", "Dữ liệu FHIR của tờ này")
    return papers_to_pdf([(form, {"ho_ten": "Nguyễn Văn Thử"})], AT, attachments=[data])


@pytest.fixture(scope="session")
def small_paper() -> bytes:
    """The least PDF/A: for tests that look at every byte."""
    import typst

    source = '#set document(title: "Thử")\nKhông có gì.'
    pdf = typst.Compiler().compile({"main.typ": source.encode()}, pdf_standards=["a-3b"], timestamp=AT)
    assert isinstance(pdf, bytes)
    return pdf


def file_in(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
