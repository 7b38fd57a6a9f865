"""Secrets that let somebody in: only their digests are kept."""

from __future__ import annotations

import base64
import hashlib

from benhan.kernel.ids import RandomSource


def new_secret(source: RandomSource) -> str:
    """A fresh secret of 256 bits, written for a header or a cookie."""
    return base64.urlsafe_b64encode(source.bytes(32)).decode().rstrip("=")


def digest(secret: str) -> bytes:
    """What is kept of a secret. It has 256 random bits, so that a plain digest cannot be guessed back."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
