"""Key-encryption keys: what wraps the data keys. A file here; PKCS#11 in `pkcs11_kek.py`.

Source: RFC 3394 (AES key wrap).
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from benhan.kernel.ids import RandomSource
from benhan.kernel.secrets import Secret
from benhan.store.key_faults import BAD_KEK_FILE, KEK_READABLE, NO_KEK, WRONG_KEK


class KeyEncryption(Protocol):
    """Wraps and unwraps 32-byte keys."""

    @property
    def kek_id(self) -> str:
        """The name under which wrapped keys remember it."""
        ...

    def wrap(self, key: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Raises Unavailable BA-0502 where `wrapped` is not this key's."""
        ...


class FileKek:
    """A key-encryption key held in a file that only its owner reads."""

    def __init__(self, kek_id: str, key: Secret) -> None:
        self._kek_id = kek_id
        self._key = key

    @property
    def kek_id(self) -> str:
        return self._kek_id

    def wrap(self, key: bytes) -> bytes:
        return aes_key_wrap(self._key.reveal(), key)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._key.reveal(), wrapped)
        except (InvalidUnwrap, ValueError) as cause:
            raise WRONG_KEK() from cause


def make_kek_file(path: Path, source: RandomSource) -> FileKek:
    """Write a fresh key to `path` (mode 0600) and give it. Raises FileExistsError where there is one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kek_id, key = f"file-{source.bytes(4).hex()}", source.bytes(32)
    text = json.dumps({"kek_id": kek_id, "key": base64.b64encode(key).decode()}) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return FileKek(kek_id, Secret(key))


def read_kek_file(path: Path) -> FileKek:
    """The key in `path`. Raises NO_KEK, KEK_READABLE (others may read it), BAD_KEK_FILE."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as cause:
        raise NO_KEK(path=path) from cause
    if mode & 0o077:
        raise KEK_READABLE(path=path)
    try:
        told = json.loads(text)
        key = base64.b64decode(told["key"], validate=True)
        if len(key) != 32:
            raise ValueError
        return FileKek(str(told["kek_id"]), Secret(key))
    except (ValueError, KeyError, TypeError) as cause:
        raise BAD_KEK_FILE(path=path) from cause
