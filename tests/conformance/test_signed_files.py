"""pyHanko's own test files: what hides a change must fail, what is whole must not be said to be broken.

Where ours says less than pyHanko's own tests: they freeze the clock at 2020 and fetch the status of certificates from a
server that they start; here every certificate of the path, the CA's too, needs its status in the file (NĐ 23/2025 Đ15),
and these files lack the intermediate CA's. So most whole signatures end without conclusion, none as failed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.vectors import ABSENT, VECTORS

from benhan.kernel.faults import Fault
from benhan.signing.trust import Trust, parse_trust
from benhan.signing.verdicts import FileVerdict, Indication
from benhan.signing.verify_file import judge_file

FOLDER = VECTORS / "pyhanko"
AT = datetime(2026, 11, 27, tzinfo=UTC)
HIDDEN_CHANGES = (
    "coverage-anomalies/base.pdf",
    "coverage-anomalies/one-byterange.pdf",
    "coverage-anomalies/signature-gap-too-big.pdf",
    "coverage-anomalies/tail-uncovered.pdf",
    "coverage-anomalies/weird-byterange.pdf",
    "extensions-indirect-not-all-paths.pdf",
    "form-update-ap-indirect-sneaky-trailer.pdf",
    "form-update-no-override-appearance-stream-ap-indirect-sneaky.pdf",
    "form-update-override-appearance-stream-ap-indirect-sneaky.pdf",
    "form-update-override-appearance-stream-sneaky.pdf",
    "pdf-sig-with-econtent.pdf",
)
WHOLE = (
    "certified-with-indirect-refs-in-dir.pdf",
    "form-update-no-override-appearance-stream-ap-indirect.pdf",
    "form-update-override-appearance-stream.pdf",
    "minimal-signed-twice-both-created.pdf",
    "minimal-signed-twice-no-sig-type.pdf",
    "minimal-signed-twice-second-created.pdf",
    "minimal-two-fields-signed-twice.pdf",
    "pades-lta-dss-indirect-arrs-test-2.pdf",
    "pades-lta-dss-indirect-arrs-test.pdf",
    "separate-annots-kids-indir.pdf",
    "sig-with-ski-sid.pdf",
)
PASS = WHOLE[3], WHOLE[5], WHOLE[6]
"""Those whose whole path has its status in the file."""
REFUSED = {
    "embedded-encrypted-nocf.pdf": "BA-5004",
    "signed-encrypted-pubkey-with-catalog-ref.pdf": "BA-5004",
    "malformed-encrypt-dict1.pdf": "BA-5003",
    "minimal-illegal-header.pdf": "BA-5003",
    "minimal-startxref-hopeless.pdf": "BA-5003",
}


@pytest.fixture(scope="module")
def trust() -> Trust:
    """The roots of those files."""
    if not (FOLDER / "pdf").is_dir():
        pytest.skip(f"{ABSENT} (pyhanko: pdf and crypto of its test data)")
    found = []
    for path in sorted((FOLDER / "crypto").rglob("*")):
        if path.suffix in (".pem", ".crt", ".cer") and "key" not in path.name:
            try:
                parse_trust([path.read_bytes()])
            except Fault:
                continue  # a key or a request in a file of such a name
            found.append(path.read_bytes())
    return parse_trust(found)


def content(name: str) -> bytes:
    return Path(FOLDER / "pdf" / name).read_bytes()


async def judged(name: str, trust: Trust) -> FileVerdict:
    return await judge_file(content(name), trust, AT)


@pytest.mark.parametrize("name", HIDDEN_CHANGES)
async def test_what_hides_a_change_fails(name: str, trust: Trust) -> None:
    assert (await judged(name, trust)).indication is Indication.FAILED


@pytest.mark.parametrize("name", WHOLE)
async def test_what_is_whole_is_not_said_to_be_broken(name: str, trust: Trust) -> None:
    found = await judged(name, trust)
    assert all(each.is_unchanged for each in found.signatures)
    assert found.indication is (Indication.PASSED if name in PASS else Indication.INDETERMINATE)


@pytest.mark.parametrize(("name", "code"), REFUSED.items())
async def test_what_is_locked_or_damaged_is_refused(name: str, code: str, trust: Trust) -> None:
    with pytest.raises(Fault, match=code):
        await judged(name, trust)
