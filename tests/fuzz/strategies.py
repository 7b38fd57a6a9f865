"""How valid input is spoilt: bytes cut out, doubled, changed and put in, as lines and programs do."""

from __future__ import annotations

from hypothesis import strategies as st

_PUT_IN = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b"|", b"^", b"~", b"&", b"\\", b"\r", b"\n", b"\x00", b"\x0b", b"\x1c\r", b'""', b"{", b"}", b"[", b'"', b",",
         b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"NaN", b"1e999", b"99999999999999999999", b"\\X41\\",
         b"\\.br\\", b"\\ud800", "٣".encode(), "đ".encode(), b"0000", b"20261399", b"-", b"null", b"true"]
    ),
)  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, *originals: bytes) -> bytes:
    """One of `originals` after a few changes."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 8)))
        put_in = draw(st.one_of(st.just(data[start : start + 40]), _PUT_IN))
        data = data[:start] + put_in + data[end:]
    return data


@st.composite
def spoilt_fields(draw: st.DrawFn, *originals: bytes) -> bytes:
    """One of `originals` with some fields changed and segments moved, so that it stays a message."""
    lines = [line.split(b"|") for line in draw(st.sampled_from(originals)).split(b"\r") if line]
    for _ in range(draw(st.integers(1, 6))):
        line = lines[draw(st.integers(1, len(lines) - 1))]
        index = draw(st.integers(1, len(line)))
        text = draw(st.one_of(st.text(max_size=12).map(lambda each: each.encode("utf-8", "replace")), _PUT_IN))
        line[index : index + 1] = [text]
    if draw(st.booleans()):
        lines.insert(draw(st.integers(1, len(lines))), draw(st.sampled_from(lines[1:])))
    if draw(st.booleans()):
        del lines[draw(st.integers(1, len(lines) - 1))]
    return b"\r".join(b"|".join(line) for line in lines)
