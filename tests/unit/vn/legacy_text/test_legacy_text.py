"""Text of before Unicode: read and written in each table, detected with a measure of certainty."""

from __future__ import annotations

import random
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benhan.hl7v2.er7 import parse_er7, readable
from benhan.kernel.faults import Incorrect
from benhan.vn.legacy_text.detect import MARKED_BYTES_MAX, detect, detect_text, read_unnamed
from benhan.vn.legacy_text.encodings import Encoding, decode, encode
from benhan.vn.syllables import TONES, is_syllable, written

UTF_8, TCVN3, VNI, VIQR, WINDOWS_1258 = Encoding
OF_BYTES = (TCVN3, VNI, WINDOWS_1258)
TEXT = "Nguyễn Văn Đức, sinh năm 1990 tại Huế, bị sốt và đau bụng"

ONSETS = "b c ch d đ g gh h k kh l m n ng ngh nh ph s t th tr v x"
RHYMES = "a ai ach ang ăm âu em ên iêt ia iêng oa oăn ông ôi ơi uôc uyên ươi ương ư ưng uy yêu ay"
SYLLABLES = [
    word
    for onset in ONSETS.split()
    for rhyme in RHYMES.split()
    for tone in ("", *TONES)
    if is_syllable(word := written(onset + rhyme, tone))
]
MARKED = [word for word in SYLLABLES if not word.isascii()]
SENTENCES = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        (TCVN3, b"Nguy\xd4n V\xa8n \xae\xf8c, s\xe8t"),
        (VNI, b"Nguye\xe3n Va\xean \xf1\xf6\xf9c, so\xe1t"),
        (VIQR, b"Nguye^~n Va(n ddu+'c, so^'t"),
        (WINDOWS_1258, b"Nguy\xea\xden V\xe3n \xf0\xfd\xecc, s\xf4\xect"),
        (UTF_8, "Nguyễn Văn đức, sốt".encode()),
    ],
)
def test_each_table_is_read_as_its_fonts_show_it(encoding: Encoding, data: bytes) -> None:
    assert decode(data, encoding) == ("Nguyễn Văn đức, sốt", 0)
    assert encode("Nguyễn Văn đức, sốt", encoding) == data


@pytest.mark.parametrize("encoding", Encoding)
@given(text=SENTENCES)
def test_what_is_written_in_a_table_is_read_back(encoding: Encoding, text: str) -> None:
    for form in ("NFC", "NFD"):
        read = decode(encode(unicodedata.normalize(form, text), encoding), encoding)
        assert read.text == text
        assert read.doubtful == 0 or encoding is VIQR


@pytest.mark.parametrize("encoding", [UTF_8, VNI, VIQR, WINDOWS_1258])
@given(text=SENTENCES)
def test_capitals_are_read_back_where_the_table_has_them(encoding: Encoding, text: str) -> None:
    assert decode(encode(text.upper(), encoding), encoding).text == text.upper()
    assert decode(encode(text.title(), encoding), encoding).text == text.title()


def test_tcvn3_has_no_capitals_with_a_tone_so_those_around_tell() -> None:
    assert decode(encode("NGUYỄN VĂN ĐỨC", TCVN3), TCVN3).text == "NGUYỄN VĂN ĐỨC"
    assert decode(encode("Lê Lợi", TCVN3), TCVN3).text == "Lê Lợi"
    assert decode(encode("Đặng Ánh", TCVN3), TCVN3).text == "Đặng ánh"


@given(st.text(st.characters(max_codepoint=127)))
def test_viqr_writes_punctuation_so_that_it_is_read_back(text: str) -> None:
    assert decode(encode(text, VIQR), VIQR).text == text


def test_a_mark_of_viqr_at_the_end_of_a_word_is_counted_as_doubtful() -> None:
    assert decode(b"Ho.c ha.", VIQR) == ("Học hạ", 1)


@pytest.mark.parametrize(
    ("encoding", "data", "doubtful"),
    [
        (TCVN3, b"V\xa8n \xff\x80", 2),
        (VNI, b"Va\xean \xff \xa9", 2),
        (WINDOWS_1258, b"a \x8d", 1),
        (UTF_8, b"a\xff", 1),
    ],
)
def test_bytes_that_a_table_has_no_letter_for_are_counted(encoding: Encoding, data: bytes, doubtful: int) -> None:
    assert decode(data, encoding).doubtful == doubtful


@pytest.mark.parametrize("encoding", [TCVN3, VNI, VIQR, WINDOWS_1258])
def test_what_a_table_lacks_is_refused_in_writing(encoding: Encoding) -> None:
    with pytest.raises(Incorrect, match="BA-3280"):
        encode("漢", encoding)


@given(st.binary(max_size=60), st.sampled_from(Encoding))
def test_any_bytes_are_read_and_detected_without_a_fault(data: bytes, encoding: Encoding) -> None:
    assert unicodedata.is_normalized("NFC", decode(data, encoding).text)
    assert 0 <= detect(data).confidence <= 1


# detection


@pytest.mark.parametrize("encoding", Encoding)
def test_a_sentence_is_detected_for_certain(encoding: Encoding) -> None:
    found = detect(encode(TEXT, encoding))
    assert (found.encoding, found.text, found.is_certain) == (encoding, TEXT, True)
    assert not found.was_read_wrongly


def test_a_certain_guess_of_bytes_is_never_wrong_and_four_marked_words_are_mostly_certain() -> None:
    chance = random.Random(2)
    certain = tried = 0
    for encoding in OF_BYTES:
        for words in (1, 2, 3, 4, 6):
            for _ in range(60):
                text = " ".join(chance.choices(MARKED, k=words))
                found = detect(encode(text, encoding))
                assert found.text == text or not found.is_certain, (encoding, text)
                if words >= 4:
                    tried += 1
                    certain += found.is_certain
    assert certain / tried > 0.9


@pytest.mark.parametrize(
    "data",
    [
        b"Stra\xdfe, M\xfcller, Gr\xf6\xdfe, \xdcbung",
        b"\xc9l\xe9onore \xe0 l'h\xf4pital, \xe7a va",
        bytes(range(128, 256)),
        b"\xe0",
    ],
)
def test_what_is_not_vietnamese_is_not_certain_to_be_it(data: bytes) -> None:
    assert not detect(data).is_certain


def test_plain_ascii_is_alike_in_all_and_stays_as_it_is() -> None:
    for text in ("Tran Van An, 1990.", "What? E.coli (a+b)~c", ""):
        assert detect(text.encode()).text == text


@pytest.mark.parametrize("encoding", OF_BYTES)
def test_a_text_that_was_read_as_western_windows_is_undone(encoding: Encoding) -> None:
    shown = encode(TEXT, encoding).decode("latin-1")
    found = detect_text(shown)
    assert (found.text, found.encoding, found.was_read_wrongly) == (TEXT, encoding, True)
    assert detect(shown.encode()).text == TEXT


def test_utf_8_that_was_read_as_western_windows_and_written_again_is_undone() -> None:
    shown = "".join(chr(byte) if 0x80 <= byte < 0xA0 else bytes([byte]).decode("cp1252") for byte in TEXT.encode())
    assert detect_text(shown).text == TEXT
    assert detect_text(shown).was_read_wrongly


@given(SENTENCES)
def test_a_text_that_is_right_is_left_alone(text: str) -> None:
    assert detect_text(text).text == text or not detect_text(text).is_certain or text.isascii()
    assert detect_text(unicodedata.normalize("NFD", f"{text} điều trị nội trú")).text == f"{text} điều trị nội trú"


# in HL7 v2


def message(encoding: Encoding, text: str) -> bytes:
    return encode(f"MSH|^~\\&|HIS|01901|B|C|2026||ADT^A01|1|P|2.5.1\rPID|1||BN1||{text}\r", encoding)


@pytest.mark.parametrize("encoding", OF_BYTES)
def test_a_message_of_an_old_system_without_a_character_set_is_read_in_its_table(encoding: Encoding) -> None:
    data = message(encoding, TEXT)
    parsed = parse_er7(data, guess=read_unnamed)
    assert parsed.segments[1].text(5) == TEXT
    assert (parsed.charset, parsed.is_guessed) == (encoding.value, True)
    assert TEXT in readable(data, guess=read_unnamed)


def test_a_message_too_short_to_be_certain_of_is_read_as_windows_1258_as_before() -> None:
    parsed = parse_er7(message(WINDOWS_1258, "Đỗ"), guess=read_unnamed)
    assert (parsed.segments[1].text(5), parsed.charset) == ("Đỗ", "WINDOWS-1258")


def test_a_huge_hostile_message_costs_no_more_than_it_did() -> None:
    data = message(TCVN3, TEXT) + b"NTE|1||" + b"A\xb5" * MARKED_BYTES_MAX
    start = time.process_time()
    assert parse_er7(data, guess=read_unnamed).charset == "WINDOWS-1258"
    assert time.process_time() - start < 5
