"""SoftHSM2 for tests: one folder of tokens a process, since the library reads its settings once."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "246810"
_numbers = itertools.count(1)


def softhsm_module() -> Path:
    """The module, its tokens in a folder of this process. Skips where SoftHSM2 or the extra is not installed."""
    pytest.importorskip("pkcs11", reason="the extra pkcs11 is not installed")
    if not MODULE.exists():
        pytest.skip("Debian's softhsm2 is not installed")
    if "SOFTHSM2_CONF" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="softhsm-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        (folder / "tokens").mkdir()
        (folder / "conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n", encoding="ascii")
        os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    return MODULE


def new_token(module: Path, label: str = "") -> str:
    """The label of a fresh token; its PIN is PIN. Sessions that are open on others end."""
    import pkcs11

    label = label or f"token-{next(_numbers)}"
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "13579000"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    pkcs11.lib(str(module)).reinitialize()
    return label


def put_key(module: Path, token: str, label: str, key: Any, certificate: x509.Certificate) -> None:
    """A private key and its certificate on a token."""
    import pkcs11
    from pkcs11.util.ec import decode_ec_private_key
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL
    der = key.private_bytes(encoding, form, serialization.NoEncryption())
    decoded = decode_rsa_private_key(der) if isinstance(key, rsa.RSAPrivateKey) else decode_ec_private_key(der)
    more = {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: label}
    with pkcs11.lib(str(module)).get_token(token_label=token).open(rw=True, user_pin=PIN) as session:
        session.create_object({**decoded, **more})
        session.create_object({**decode_x509_certificate(certificate.dump()), **more})
