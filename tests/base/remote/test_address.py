"""Addresses: which words are one, and none of their secrets in a message."""

import pytest

from clearsight.base.errors import MissingExtra
from clearsight.base.remote import address
from clearsight.base.remote.address import is_address, joined, require_package, shown


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        ("s3://bucket/train-{0000..0146}.tar", True),
        ("https://example.org/a.tar", True),
        ("hf://datasets/a/b", True),
        ("hf:owner/name", False),
        ("C://pictures", False),
        ("ftp://x/y", False),
        ("photos", False),
        (3, False),
    ],
)
def test_what_is_an_address(word, is_one):
    assert is_address(word) is is_one


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("https://user:pass@host/a.tar?X-Amz-Signature=abc", "https://host/a.tar"),
        ("403, url='https://host/a?sig=1&b=2'\nlater", "403, url='https://host/a' later"),
        ("s3://bucket/a.tar", "s3://bucket/a.tar"),
    ],
)
def test_no_secret_is_shown(text, safe):
    assert shown(text) == safe


def test_joined():
    assert joined("s3://bucket/folder/", "a.tar") == "s3://bucket/folder/a.tar"


def test_a_missing_package_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(address, "find_spec", lambda name: None if name == "gcsfs" else True)
    with pytest.raises(MissingExtra, match=r"gs://a/b needs gcsfs.*pip install 'clearsight\[gcs\]'"):
        require_package("gs://a/b")
    require_package("s3://a/b")
