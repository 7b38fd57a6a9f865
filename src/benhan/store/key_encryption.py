"""Key-encryption keys: what wraps the data keys, held in a file here, on a token in `pkcs11_kek.py`.

A home may hold several, each of one store; which one is in force is written in that store's database, beside the root
secret it wraps. So rotation makes a second key, re-wraps, and destroys the first, while every process goes on: it finds
each key by its name.
Source: RFC 3394 (AES key wrap).
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from benhan.kernel.ids import RandomSource
from benhan.kernel.secrets import Secret
from benhan.kernel.settings import Settings
from benhan.store.key_faults import BAD_KEK_FILE, KEK_EXISTS, KEK_READABLE, NO_KEK, WRONG_KEK


class KeyEncryption(Protocol):
    """Wraps and unwraps 32-byte keys."""

    @property
    def kek_id(self) -> str:
        """The name under which wrapped keys remember it."""
        ...

    @property
    def home(self) -> KekHome:
        """Where it is held, beside its successors."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether wrapping waits for a device, so that it should not be done in the event loop."""
        ...

    def wrap(self, key: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """Raises Unavailable BA-0502 where `wrapped` is not this key's."""
        ...


class KekHome(Protocol):
    """Holds key-encryption keys by name; `store` names the store a key belongs to ("": nobody's yet)."""

    def newest(self) -> KeyEncryption:
        """The key made last, whosever it is. Raises Unavailable BA-0504 where there is none."""
        ...

    def find(self, kek_id: str) -> KeyEncryption | None:
        """The key of this name, looked up anew, or None."""
        ...

    def of_store(self, store: str) -> list[str]:
        """The names of the keys of `store`, oldest first."""
        ...

    def claim(self, store: str, source: RandomSource) -> KeyEncryption:
        """The newest key of `store`; where it has none, one that is nobody's, or else a fresh one."""
        ...

    def make(self, store: str, source: RandomSource) -> KeyEncryption:
        """One more key of `store`, kept before this returns."""
        ...

    def destroy(self, kek_id: str) -> None:
        """Remove a key for good; nothing happens where there is none of this name."""
        ...


class FileKek:
    """A key-encryption key held in a file that only its owner reads."""

    is_remote = False

    def __init__(self, kek_id: str, key: Secret, home: FileKeks) -> None:
        self._kek_id = kek_id
        self._key = key
        self._home = home

    @property
    def kek_id(self) -> str:
        return self._kek_id

    @property
    def home(self) -> FileKeks:
        return self._home

    def wrap(self, key: bytes) -> bytes:
        return aes_key_wrap(self._key.reveal(), key)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._key.reveal(), wrapped)
        except (InvalidUnwrap, ValueError) as cause:
            raise WRONG_KEK() from cause


@dataclass(frozen=True, slots=True)
class _Line:
    """One key of the file."""

    kek_id: str
    key: Secret
    store: str


class FileKeks:
    """The keys in one file (mode 0600): JSON, oldest first. Several processes may use it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def newest(self) -> FileKek:
        """Raises NO_KEK, KEK_READABLE (others may read the file), BAD_KEK_FILE."""
        lines = self._read()
        if not lines:
            raise NO_KEK(path=self.path)
        return self._kek(lines[-1])

    def find(self, kek_id: str) -> FileKek | None:
        return next((self._kek(line) for line in self._read() if line.kek_id == kek_id), None)

    def of_store(self, store: str) -> list[str]:
        return [line.kek_id for line in self._read() if line.store == store]

    def claim(self, store: str, source: RandomSource) -> FileKek:
        with self._changing() as lines:
            line = next((each for each in reversed(lines) if each.store == store), None)
            line = line or next((each for each in lines if not each.store), None) or _fresh(store, source)
            lines[:] = [each for each in lines if each.kek_id != line.kek_id]
            lines.append(_Line(line.kek_id, line.key, store))
        return self._kek(line)

    def make(self, store: str, source: RandomSource) -> FileKek:
        line = _fresh(store, source)
        with self._changing() as lines:
            lines.append(line)
        return self._kek(line)

    def destroy(self, kek_id: str) -> None:
        with self._changing() as lines:
            lines[:] = [line for line in lines if line.kek_id != kek_id]

    def _kek(self, line: _Line) -> FileKek:
        return FileKek(line.kek_id, line.key, self)

    def _read(self) -> list[_Line]:
        try:
            mode = self.path.stat().st_mode
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError as cause:
            raise NO_KEK(path=self.path) from cause
        except (OSError, UnicodeDecodeError) as cause:
            raise BAD_KEK_FILE(path=self.path) from cause
        if mode & 0o077:
            raise KEK_READABLE(path=self.path)
        try:
            return [_parsed(told["kek_id"], told["key"], told["store"]) for told in json.loads(text)["keys"]]
        except (ValueError, KeyError, TypeError) as cause:
            raise BAD_KEK_FILE(path=self.path) from cause

    @contextmanager
    def _changing(self) -> Iterator[list[_Line]]:
        """The lines, to be changed in place; written when the block ends. One process at a time."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lines = self._read() if self.path.exists() else []
            before = list(lines)
            yield lines
            if lines != before:
                self._write(lines)
        finally:
            os.close(lock)

    def _write(self, lines: list[_Line]) -> None:
        """Replace the file in one step: after a crash it is the old one or the new one, whole."""
        keys = [
            {"kek_id": line.kek_id, "store": line.store, "key": base64.b64encode(line.key.reveal()).decode()}
            for line in lines
        ]
        write_private(self.path, json.dumps({"keys": keys}, indent=1) + "\n")


def _fresh(store: str, source: RandomSource) -> _Line:
    return _Line(f"file-{source.bytes(4).hex()}", Secret(source.bytes(32)), store)


def _parsed(kek_id: object, text: str, store: object) -> _Line:
    key = base64.b64decode(text, validate=True)
    if len(key) != 32:
        raise ValueError
    return _Line(str(kek_id), Secret(key), str(store))


def write_private(path: Path, text: str) -> None:
    """Put `text` in place of the file at `path`, mode 0600, on disk when this returns."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_kek_file(path: Path, source: RandomSource) -> FileKek:
    """Write a fresh key to `path` (mode 0600) and give it. Raises Conflict BA-0508 where there is a file already."""
    if path.exists():
        raise KEK_EXISTS(place=path)
    return FileKeks(path).make("", source)


def read_kek_file(path: Path) -> FileKek:
    """The newest key in `path`. Raises NO_KEK, KEK_READABLE (others may read it), BAD_KEK_FILE."""
    return FileKeks(path).newest()


def kek_home(settings: Settings) -> KekHome:
    """Where the key-encryption keys of `settings` are: on the PKCS#11 token where one is named, else in the file."""
    if not settings.pkcs11_module:
        return FileKeks(settings.kek_path)
    from benhan.store.pkcs11_kek import Pkcs11Keks, token_of

    token = token_of(settings.pkcs11_module, settings.pkcs11_token, settings.pkcs11_pin)
    return Pkcs11Keks(token, settings.pkcs11_key)


def open_kek(settings: Settings) -> KeyEncryption:
    """The newest key-encryption key of `settings`. Raises Unavailable BA-0504, BA-0507; Incorrect BA-0505, BA-0506."""
    return kek_home(settings).newest()


def init_kek(settings: Settings, source: RandomSource) -> KeyEncryption:
    """Make the first key-encryption key. Raises Conflict BA-0508 where there is one: none is ever overwritten."""
    home = kek_home(settings)
    try:
        found = home.newest()
    except NO_KEK.fault as fault:
        if fault.code != NO_KEK.code:
            raise
        return home.make("", source)
    raise KEK_EXISTS(place=found.kek_id)
