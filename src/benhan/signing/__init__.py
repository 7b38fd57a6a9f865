"""Signatures that can be proven in court: made, stamped, kept and judged.

What is signed is bytes. The stages of a signature are types, a verdict is the standard's own word, and whatever needs
the network or a key is given as a callable. Source: ETSI EN 319 142-1 (PAdES), EN 319 132-1 (XAdES), EN 319 122-1
(CAdES), EN 319 102-1 (verdicts), RFC 3161 (time-stamps), RFC 4998 (evidence records); Luật Giao dịch điện tử 2023
Đ22–23, NĐ 23/2025/NĐ-CP Đ15–17, TT 13/2025/TT-BYT Đ3. Not supported: attribute certificates, signature policies by OID,
keys other than RSA (PKCS #1 v1.5) and ECDSA for signing.
"""

import logging

for _name in ("pyhanko", "pyhanko_certvalidator"):
    # They log the subject of each certificate they refuse: a person's name and number. Our verdicts say the same.
    _logger = logging.getLogger(_name)
    _logger.addHandler(logging.NullHandler())
    _logger.propagate = False
