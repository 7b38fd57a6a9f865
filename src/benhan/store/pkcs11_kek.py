"""A key-encryption key that never leaves its PKCS#11 token or HSM (optional extra `pkcs11`).

Data keys are encrypted on the token with AES-GCM, the key's name as associated data: this needs neither extractable
objects on the token nor a wrap permission. Keys are found by label: `benhan-kek`, then `benhan-kek-2`, …
Source: PKCS #11 v2.40, 2.12.4 (AES-GCM).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from benhan.kernel.faults import Fault
from benhan.kernel.ids import RandomSource
from benhan.kernel.secrets import Secret
from benhan.store.key_faults import NO_KEK, NO_PKCS11, TOKEN_AWAY, WRONG_KEK

_PREFIX = "pkcs11:"
_NONCE_BYTES = 12
_TAG_BITS = 128
_REFUSALS = frozenset({"GeneralError", "EncryptedDataInvalid", "EncryptedDataLenRange", "DataInvalid", "ArgumentsBad"})
"""What tokens answer to a ciphertext that is not theirs."""

_PIN_TROUBLE = frozenset({"PinIncorrect", "PinLocked", "PinExpired", "PinInvalid", "PinLenRange", "PinTooWeak"})

Result = TypeVar("Result")


class Pkcs11Token:
    """One session with a token, used by one thread at a time; opened anew when it was lost."""

    def __init__(self, module: str, label: str, pin: Secret) -> None:
        self._module = module
        self._label = label
        self._pin = pin
        self._lock = threading.Lock()
        self._session: Any = None

    def use(self, work: Callable[[Any], Result]) -> Result:
        """What `work` gives with an open session; tried twice. Raises Unavailable BA-0507, BA-0509; PKCS11Error."""
        pkcs11 = _library()
        with self._lock:
            try:
                return work(self._opened())
            except pkcs11.PKCS11Error as cause:
                if type(cause).__name__ in _PIN_TROUBLE:
                    raise TOKEN_AWAY(reason=type(cause).__name__) from cause
                self._close()
                return work(self._opened())

    def _opened(self) -> Any:
        if self._session is None:
            pkcs11 = _library()
            try:
                token = pkcs11.lib(self._module).get_token(token_label=self._label)
                self._session = token.open(rw=True, user_pin=self._pin.reveal().decode())
            except (pkcs11.PKCS11Error, RuntimeError, OSError) as cause:
                raise TOKEN_AWAY(reason=type(cause).__name__) from cause
        return self._session

    def close(self) -> None:
        """End the session; the next use opens one."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except _library().PKCS11Error:
                return  # it is gone already


@cache
def token_of(module: str, label: str, pin: Secret) -> Pkcs11Token:
    """The one Pkcs11Token of this process for a token: a login, and a logout, is the whole process's."""
    return Pkcs11Token(module, label, pin)


class Pkcs11Kek:
    """One AES key on a token."""

    is_remote = True

    def __init__(self, label: str, home: Pkcs11Keks) -> None:
        self.label = label
        self._home = home

    @property
    def kek_id(self) -> str:
        return _PREFIX + self.label

    @property
    def home(self) -> Pkcs11Keks:
        return self._home

    def wrap(self, key: bytes) -> bytes:
        def work(session: Any) -> bytes:
            nonce: bytes = session.generate_random(_NONCE_BYTES * 8)
            return nonce + bytes(self._key(session).encrypt(key, **self._mechanism(nonce)))

        return self._home.guarded(work)

    def unwrap(self, wrapped: bytes) -> bytes:
        nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]

        def work(session: Any) -> bytes:
            return bytes(self._key(session).decrypt(sealed, **self._mechanism(nonce)))

        return self._home.guarded(work)

    def _key(self, session: Any) -> Any:
        return session.get_key(label=self.label, object_class=_library().ObjectClass.SECRET_KEY)

    def _mechanism(self, nonce: bytes) -> dict[str, Any]:
        from pkcs11.mechanisms import GCMParams

        aad = self.kek_id.encode()
        return {"mechanism": _library().Mechanism.AES_GCM, "mechanism_param": GCMParams(nonce, aad, _TAG_BITS)}


class Pkcs11Keks:
    """The key-encryption keys under one label: `label`, and its successors `label`-2, `label`-3, …

    The store a key belongs to stands in its CKA_ID. Where only the token's officer may make keys, they make the next
    one by its label before a rotation.
    """

    def __init__(self, token: Pkcs11Token, label: str) -> None:
        self._token = token
        self._label = label

    def newest(self) -> Pkcs11Kek:
        numbers = self._numbers()
        if not numbers:
            raise NO_KEK(path=_PREFIX + self._label)
        return self._kek(max(numbers))

    def find(self, kek_id: str) -> Pkcs11Kek | None:
        return next((kek for number in self._numbers() if (kek := self._kek(number)).kek_id == kek_id), None)

    def of_store(self, store: str) -> list[str]:
        return [self._kek(number).kek_id for number, owner in sorted(self._numbers().items()) if owner == store]

    def claim(self, store: str, source: RandomSource) -> Pkcs11Kek:
        owners = self._numbers()
        mine = [number for number, owner in owners.items() if owner == store]
        free = [number for number, owner in owners.items() if not owner]
        if mine:
            return self._kek(max(mine))
        if not free:
            return self.make(store, source)
        kek = self._kek(min(free))
        self.guarded(lambda session: self._put_owner(session, kek, store))
        return kek

    def make(self, store: str, source: RandomSource) -> Pkcs11Kek:  # noqa: ARG002  # the token has its own generator
        """A fresh key, made on the token and not to be extracted."""
        kek = self._kek(max(self._numbers(), default=0) + 1)

        def work(session: Any) -> None:
            pkcs11 = _library()
            template = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
            options = {"label": kek.label, "id": store.encode(), "store": True, "template": template}
            session.generate_key(pkcs11.KeyType.AES, 256, **options)

        self.guarded(work)
        return kek

    def destroy(self, kek_id: str) -> None:
        label = kek_id.removeprefix(_PREFIX)

        def work(session: Any) -> None:
            pkcs11 = _library()
            for key in session.get_objects({pkcs11.Attribute.LABEL: label}):
                key.destroy()

        self.guarded(work)

    def guarded(self, work: Callable[[Any], Result]) -> Result:
        """What `work` gives; errors of the token as WRONG_KEK or TOKEN_AWAY."""
        pkcs11 = _library()
        try:
            return self._token.use(work)
        except Fault:
            raise
        except pkcs11.NoSuchKey as cause:
            raise NO_KEK(path=_PREFIX + self._label) from cause
        except pkcs11.PKCS11Error as cause:
            if type(cause).__name__ in _REFUSALS:
                raise WRONG_KEK() from cause
            raise TOKEN_AWAY(reason=type(cause).__name__) from cause

    def _numbers(self) -> dict[int, str]:
        """The number of each key under our label, with the store it belongs to."""

        def work(session: Any) -> list[tuple[str, bytes]]:
            pkcs11 = _library()
            wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}
            return [(str(key.label), bytes(key.id)) for key in session.get_objects(wanted)]

        found = {}
        for label, owner in self.guarded(work):
            number = "1" if label == self._label else label.removeprefix(f"{self._label}-")
            if number.isdecimal() and self._kek(int(number)).label == label:
                found[int(number)] = owner.decode("ascii", "replace")
        return found

    @staticmethod
    def _put_owner(session: Any, kek: Pkcs11Kek, store: str) -> None:
        pkcs11 = _library()
        key = session.get_key(label=kek.label, object_class=pkcs11.ObjectClass.SECRET_KEY)
        key[pkcs11.Attribute.ID] = store.encode()

    def _kek(self, number: int) -> Pkcs11Kek:
        return Pkcs11Kek(self._label if number == 1 else f"{self._label}-{number}", self)


def _library() -> Any:
    try:
        import pkcs11
    except ImportError as cause:
        raise NO_PKCS11() from cause
    return pkcs11
