"""Whether an update of a PDF adds nothing but signatures: the usual case, seen without walking the whole document.

Strict on purpose: what is not plainly a signature without a picture, a time-stamp, or kept status is left to the
library's slow and thorough comparison, which follows every path of the document. Every object that is new must be of a
kind that shows nothing, so that it does no harm wherever an old reference may lead to it.
Source: ISO 32000-1, 12.8.2; ETSI EN 319 142-1, 5.4 (document security store).
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

_FIELD_KEYS = frozenset({"/FT", "/T", "/Type", "/Subtype", "/F", "/Rect", "/P", "/V"})
_VALUE_KEYS = frozenset(
    {"/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M", "/Reason", "/Location", "/Name", "/ContactInfo"}
)
_STORE_KEYS = frozenset({"/Type", "/Certs", "/OCSPs", "/CRLs", "/VRI"})
_STREAM_KEYS = frozenset({"/Length", "/Filter", "/DecodeParms"})
_DER_SEQUENCE = 0x30


def adds_only_signatures(reader: PdfFileReader, number: int) -> bool:
    """Whether update `number` of the file, from 0, adds only signatures, time-stamps and status to the one before."""
    xrefs = reader.xrefs
    if number == 0 or xrefs.refs_freed_in_revision(number):
        return False
    before, after = HistoricalResolver(reader, number - 1), HistoricalResolver(reader, number)
    if before.root_ref.idnum != after.root_ref.idnum:
        return False
    written = xrefs.explicit_refs_in_revision(number)
    new = {each for each in written if xrefs.get_introducing_revision(each) == number}
    store = _store_refs(before)
    comparison = _Comparison(before, after, {each.idnum for each in new})
    return all(comparison.is_harmless(each) for each in new) and all(
        comparison.is_same_but_signed(each, store) for each in written - new
    )


class _Comparison:
    def __init__(self, before: HistoricalResolver, after: HistoricalResolver, new: set[int]) -> None:
        self._before = before
        self._after = after
        self._new = new
        self._new_store = _store_refs(after)

    def is_harmless(self, ref: generic.Reference) -> bool:
        """Whether a new object shows nothing by itself: a signature, its field without a picture, status, the index."""
        value = self._after(ref)
        if isinstance(value, generic.StreamObject):
            if value.get("/Type") == "/XRef":
                return True
            return set(value) <= _STREAM_KEYS and value.data[:1] == bytes([_DER_SEQUENCE])
        if isinstance(value, generic.DictionaryObject):
            is_value = value.get("/Type") in ("/Sig", "/DocTimeStamp") and set(value) <= _VALUE_KEYS
            is_form = set(value) <= {"/Fields", "/SigFlags"}
            return is_value or self._is_field(value) or is_form or ref.idnum in self._new_store
        return isinstance(value, generic.ArrayObject) and (
            ref.idnum in self._new_store or self._adds_fields(generic.ArrayObject(), value)
        )

    def is_same_but_signed(self, ref: generic.Reference, store: set[int]) -> bool:
        """Whether an object that is written again differs only by the signatures that it leads to."""
        old, new = self._before(ref), self._after(ref)
        if isinstance(old, generic.StreamObject) or type(old) is not type(new):
            return False
        if ref.idnum in store and ref.idnum in self._new_store:
            return isinstance(old, generic.DictionaryObject | generic.ArrayObject)
        if ref.idnum == self._after.root_ref.idnum:
            return self._same_but(old, new, {"/AcroForm", "/DSS"}) and self._same_form(old, new)
        if isinstance(old, generic.ArrayObject):
            return self._adds_fields(old, new)
        if isinstance(old, generic.DictionaryObject):
            if old.get("/Type") == "/Page":
                return self._same_but(old, new, {"/Annots"}) and self._adds_fields(
                    _listed(old, "/Annots"), _listed(new, "/Annots")
                )
            return "/Fields" in new and "/Type" not in new and self._same_fields(old, new)
        return False

    def _same_form(self, old: Any, new: Any) -> bool:
        empty = generic.DictionaryObject()
        return self._same_fields(_item(old, "/AcroForm", empty), _item(new, "/AcroForm", empty))

    def _same_fields(self, old: Any, new: Any) -> bool:
        return self._same_but(old, new, {"/Fields", "/SigFlags"}) and self._adds_fields(
            _listed(old, "/Fields"), _listed(new, "/Fields")
        )

    def _same_but(self, old: Any, new: Any, keys: set[str]) -> bool:
        names = (set(old) | set(new)) - keys
        return all(
            name in old and name in new and _written(old.raw_get(name)) == _written(new.raw_get(name)) for name in names
        )

    def _adds_fields(self, old: Any, new: Any) -> bool:
        """Whether a list is the old one with fields of new signatures behind it."""
        if len(new) < len(old):
            return False
        kept = range(len(old))
        added = [(new.raw_get(number), new[number]) for number in range(len(old), len(new))]
        return all(_written(old.raw_get(number)) == _written(new.raw_get(number)) for number in kept) and all(
            isinstance(ref, generic.IndirectObject) and ref.idnum in self._new and self._is_field(field)
            for ref, field in added
        )

    def _is_field(self, value: Any) -> bool:
        return (
            isinstance(value, generic.DictionaryObject)
            and value.get("/FT") == "/Sig"
            and value.get("/Subtype") == "/Widget"
            and set(value) <= _FIELD_KEYS
        )


def _item(owner: Any, name: str, default: Any) -> Any:
    """What an entry leads to; the library's own `get` gives the reference."""
    return owner[name] if name in owner else default  # noqa: SIM401


def _listed(owner: Any, name: str) -> Any:
    return _item(owner, name, generic.ArrayObject())


def _store_refs(handler: HistoricalResolver) -> set[int]:
    """The numbers of the dictionaries and lists that make up the store of status in a revision."""
    root = handler.root
    if "/DSS" not in root:
        return set()
    store = root["/DSS"]
    if not isinstance(store, generic.DictionaryObject) or not set(store) <= _STORE_KEYS:
        return set()
    parts = [root.raw_get("/DSS"), *(store.raw_get(name) for name in store)]
    return {each.idnum for each in parts if isinstance(each, generic.IndirectObject)}


def _written(value: Any) -> bytes:
    output = BytesIO()
    value.write_to_stream(output, None, None)
    return output.getvalue()
