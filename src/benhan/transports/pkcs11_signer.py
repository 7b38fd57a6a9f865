"""A key that never leaves its PKCS#11 device signs: a USB token, an HSM, SoftHSM2 (optional extra `pkcs11`).

One login serves a whole batch; the PIN is asked for once, by whoever makes the device. Source: PKCS #11 v2.40, 2.1
(RSA) and 2.3 (ECDSA); NĐ 23/2025/NĐ-CP Đ13.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

from asn1crypto import x509

from benhan.kernel.faults import Fault
from benhan.kernel.secrets import Secret
from benhan.signing.certificates import Identity
from benhan.signing.faults import NO_SUCH_CREDENTIAL, SIGNER_AWAY, SIGNER_REFUSED

_REFUSALS = frozenset({"PinIncorrect", "PinLocked", "PinExpired", "PinInvalid", "PinLenRange", "UserNotLoggedIn"})


_THREAD = ThreadPoolExecutor(1, thread_name_prefix="pkcs11")
"""One for all devices of a process: SoftHSM2 2.6 fails with two, whatever the tokens. It starts with the first."""


class Pkcs11Device:
    """A device that somebody is logged in to, from `open` to `close`. Not for several processes: each opens its own."""

    def __init__(self, module: str, token: str, pin: Secret) -> None:
        self._where = (module, token)
        self._pin = pin
        self._session: Any = None

    async def opened(self) -> None:
        """`open` beside the event loop. Raises as it."""
        await asyncio.get_running_loop().run_in_executor(_THREAD, self.open)

    async def listed(self) -> dict[str, x509.Certificate]:
        """`certificates` beside the event loop. Raises as it."""
        return await asyncio.get_running_loop().run_in_executor(_THREAD, self.certificates)

    async def closed(self) -> None:
        """`close` beside the event loop."""
        await asyncio.get_running_loop().run_in_executor(_THREAD, self._close)

    def open(self) -> None:
        """Log in. Raises Forbidden BA-5016 where the PIN is refused, Unavailable BA-5015 where the device is away."""
        pkcs11 = _library()
        module, label = self._where
        try:
            token = pkcs11.lib(module).get_token(token_label=label)
            self._session = token.open(user_pin=self._pin.reveal().decode())
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as cause:
            raise _told(cause) from cause

    def close(self) -> None:
        """Log out. A batch that is being signed is signed to its end."""
        _THREAD.submit(self._close).result()

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except _library().PKCS11Error:
                return  # the device was pulled out: it is closed

    def certificates(self) -> dict[str, x509.Certificate]:
        """The certificates on the device by their labels. Raises Unavailable BA-5015."""
        pkcs11 = _library()
        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}
        try:
            return {
                str(each[pkcs11.Attribute.LABEL]): x509.Certificate.load(each[pkcs11.Attribute.VALUE])
                for each in self._opened().get_objects(wanted)
            }
        except pkcs11.PKCS11Error as cause:
            raise _told(cause) from cause

    async def sign(self, label: str, identity: Identity, contents: Sequence[bytes]) -> list[bytes]:
        """The signatures of the key `label` over each of `contents`, one after the other beside the event loop.

        Tokens are slow and HSMs' clients differ in what they bear at once.
        """
        if self._session is None:
            raise SIGNER_AWAY(reason="closed")
        return await asyncio.get_running_loop().run_in_executor(_THREAD, self._signed, label, identity, contents)

    def _signed(self, label: str, identity: Identity, contents: Sequence[bytes]) -> list[bytes]:
        pkcs11 = _library()
        try:
            key = self._opened().get_key(label=label, object_class=pkcs11.ObjectClass.PRIVATE_KEY)
            return [_signature(key, identity, each) for each in contents]
        except pkcs11.PKCS11Error as cause:
            raise _told(cause, label) from cause

    def _opened(self) -> Any:
        if self._session is None:
            raise SIGNER_AWAY(reason="closed")
        return self._session


class Pkcs11Signer:
    """A signer whose key is `label` on a device."""

    def __init__(self, device: Pkcs11Device, label: str, identity: Identity) -> None:
        self._device = device
        self._label = label
        self._identity = identity

    @property
    def identity(self) -> Identity:
        return self._identity

    async def sign(self, contents: Sequence[bytes]) -> list[bytes]:
        return await self._device.sign(self._label, self._identity, contents)


def _signature(key: Any, identity: Identity, content: bytes) -> bytes:
    pkcs11 = _library()
    if identity.certificate.public_key.algorithm == "rsa":
        return bytes(key.sign(content, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
    from pkcs11.util.ec import encode_ecdsa_signature

    # older tokens know ECDSA over a digest only
    return bytes(encode_ecdsa_signature(key.sign(sha256(content).digest(), mechanism=pkcs11.Mechanism.ECDSA)))


def _told(cause: BaseException, label: str = "") -> Fault:
    name = type(cause).__name__
    if name in _REFUSALS:
        return SIGNER_REFUSED(reason=name)
    if name == "NoSuchKey":
        return NO_SUCH_CREDENTIAL(name=label)
    return SIGNER_AWAY(reason=name)


def _library() -> Any:
    try:
        import pkcs11
    except ImportError as cause:
        raise SIGNER_AWAY(reason="pip install benhan[pkcs11]") from cause
    return pkcs11
