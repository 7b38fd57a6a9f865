"""What members of the exchange network say to each other, and how it is judged. Pure: hub, node and book share it.

Decision 0015 tells who signs what. Source: RFC 7515 (JWS), RFC 7516 (JWE), RFC 8037 and RFC 9864 (Ed25519 and X25519 in
JOSE), RFC 7638 (thumbprints).
"""
