from __future__ import annotations

from datetime import UTC, datetime

from benhan.kernel.secrets import Secret
from benhan.store.s3_backend import EMPTY_HASH, sign

AT = datetime(2013, 5, 24, tzinfo=UTC)
SECRET = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def signature(method: str, url: str, headers: dict[str, str]) -> str:
    told = sign(method, url, headers, "AKIAIOSFODNN7EXAMPLE", SECRET, "us-east-1", AT)["authorization"]
    return told.rpartition("Signature=")[2]


# Source: Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header", examples.


def test_a_get_with_a_range_is_signed_as_in_amazons_example() -> None:
    headers = {"range": "bytes=0-9", "x-amz-content-sha256": EMPTY_HASH}
    found = signature("GET", "https://examplebucket.s3.amazonaws.com/test.txt", headers)
    assert found == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


def test_a_put_is_signed_as_in_amazons_example() -> None:
    headers = {
        "date": "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    }
    found = signature("PUT", "https://examplebucket.s3.amazonaws.com/test$file.text", headers)
    assert found == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"


def test_a_listing_is_signed_as_in_amazons_example() -> None:
    url = "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J"
    found = signature("GET", url, {"x-amz-content-sha256": EMPTY_HASH})
    assert found == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
