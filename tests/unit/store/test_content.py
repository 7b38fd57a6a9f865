"""Contents as they are packed: back they come byte for byte, whatever of them the row tells itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from benhan.store.content import FOLDER, ContentCodec, newest_version, without_patient
from benhan.store.ids import encode_rid

OWN, OTHER = 7 << 51 | 12_345, 7 << 51 | 54_321


def tail(*patients: str) -> bytes:
    referring = ",".join(f'{{"reference":"Patient/{each}"}}' for each in patients)
    note = f'[{{"text":"Patient/{encode_rid(OWN)} \\u0000"}}]'
    return f'}},"status":"final","subject":[{referring}],"note":{note}}}'.encode()


@pytest.mark.parametrize(
    "patients",
    [(encode_rid(OWN),), (encode_rid(OTHER),), (encode_rid(OWN), encode_rid(OTHER), encode_rid(OWN)), ("chosen",), ()],
)
@pytest.mark.parametrize("patient", [OWN, 0])
@pytest.mark.parametrize("chosen_id", ["", "an-id"])
@pytest.mark.parametrize("type_", ["Observation", "ImagingStudy"])
def test_what_was_packed_comes_back(type_: str, chosen_id: str, patient: int, patients: tuple[str, ...]) -> None:
    codec, content = ContentCodec(), tail(*patients)
    assert codec.unpack(type_, codec.pack(type_, content, patient, chosen_id), patient) == (chosen_id, content)


def test_the_patient_whom_the_row_names_is_not_written() -> None:
    content = tail(encode_rid(OWN), encode_rid(OTHER))
    assert without_patient(content, OWN) == content.replace(b"/" + encode_rid(OWN).encode() + b'"', b'/\0"')
    assert without_patient(content, 0) == content


def test_rows_of_an_older_dictionary_without_the_mark_stay_readable(tmp_path: Path) -> None:
    (tmp_path / "Observation.1.dict").write_bytes((FOLDER / "Observation.1.dict").read_bytes())
    content = tail(encode_rid(OWN))
    packed = ContentCodec(tmp_path).pack("Observation", content, 0)
    assert packed[0] == 1 < newest_version(FOLDER, "Observation")
    assert ContentCodec().unpack("Observation", packed, OWN) == ("", content)
