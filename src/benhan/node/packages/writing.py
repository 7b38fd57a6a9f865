"""A package as one ZIP. The same files and manifest are the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

from benhan.node.packages.format import MANIFEST, SIGNATURE, File

_DAY = (1980, 1, 1, 0, 0, 0)
_STORED = ("application/pdf", "image/jpeg", "image/png", "application/zip")
"""What is compressed already."""


def package_to_bytes(files: Iterable[File], manifest: bytes, signature: bytes = b"") -> bytes:
    """The ZIP: manifest first, its signature ("" for none), then the files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        _add(archive, MANIFEST, manifest, zipfile.ZIP_DEFLATED)
        if signature:
            _add(archive, SIGNATURE, signature, zipfile.ZIP_STORED)
        for each in files:
            method = zipfile.ZIP_STORED if each.media_type in _STORED else zipfile.ZIP_DEFLATED
            _add(archive, each.path, each.content, method)
    return out.getvalue()


def _add(archive: zipfile.ZipFile, path: str, content: bytes, method: int) -> None:
    info = zipfile.ZipInfo(path, _DAY)
    info.compress_type = method
    info.external_attr = 0o100644 << 16
    archive.writestr(info, content)
