"""The catalogue of published weights, and a file of it fetched from a local server."""

import dataclasses
import hashlib
import io
import re

import pytest
import torch

from clearsight import models, weights
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.base.files import cache_folder
from clearsight.weights import fetch as module
from clearsight.weights.fetch import catalogue, fetch, find
from tests.server import Site, serving


def test_the_catalogue():
    rows = catalogue()
    assert len({(row.origin, row.name, row.tag) for row in rows}) == len({row.address for row in rows}) == len(rows)
    assert [row.origin for row in rows].count("keras") == 26  # the lecture's table
    for row in rows:
        assert re.fullmatch(r"sha256:[0-9a-f]{8,64}|md5:[0-9a-f]{32}|", row.digest)
        assert row.address.startswith("pip:" if row.origin == "package" else "https://")
        assert row.mib > 4 and row.licence in ("BSD-3-Clause", "CC-BY-NC-4.0", "MIT", "CC-BY-4.0", "Apache-2.0")
        assert row.top1 is None or 0.5 < row.top1 < (row.top5 or 1) <= 1
        if row.origin == "torchvision":  # the digits of its file's name
            assert row.address.endswith(f"-{row.digest.partition(':')[2]}.pth") and row.top1
    assert {row.name for row in rows if not row.digest} == {"mobilenet", "mobilenetv2"}


@pytest.mark.parametrize(
    ("what", "file", "top1"),
    [
        ("torchvision:resnet50", "resnet50-11ad3fa6.pth", 0.80858),
        ("torchvision:resnet50@IMAGENET1K_V1", "resnet50-0676ba61.pth", 0.7613),
        ("keras:resnet50", "resnet50_weights_tf_dim_ordering_tf_kernels.h5", 0.749),
        ("torchvision:vit_h_14@IMAGENET1K_SWAG_LINEAR_V1", "vit_h_14_lc_swag-c1eb923e.pth", 0.85708),
        ("torchvision:vit_b_16", "vit_b_16-c867db91.pth", 0.81072),
    ],
)
def test_find(what, file, top1):
    assert (find(what).path.name, find(what).top1) == (file, top1)
    assert find(what).path.parent == cache_folder() / "weights" / what.partition(":")[0]


@pytest.mark.parametrize(
    ("what", "says"), [("torchvision:resnet5", "torchvision:resnet50"), ("kears:vgg16", "keras:vgg16"), ("", "There is")]
)
def test_a_name_that_is_not_there(what, says):
    with pytest.raises(UsageError, match=f"no file of weights is called .*{says}"):
        find(what)


def test_what_proves_a_file():
    assert find("torchvision:alexnet").check == "the first 8 digits of its SHA-256, which shows damage and not forgery"
    assert find("keras:vgg16").check.startswith("its MD5") and find("keras:mobilenet").check == "its length alone"


@pytest.fixture
def site(monkeypatch):
    content = b"weights" * 1000
    with serving(Site({"alexnet.pth": content})) as site:
        row = dataclasses.replace(
            find("torchvision:alexnet"),
            address=f"{site.address}alexnet.pth",
            digest=f"sha256:{hashlib.sha256(content).hexdigest()[:8]}",
        )
        monkeypatch.setattr(module, "catalogue", lambda: (row,))
        yield site


def test_fetched_once_and_kept(site):
    path = fetch("torchvision:alexnet", quiet=True)
    assert path == fetch("torchvision:alexnet@IMAGENET1K_V1", quiet=True) == cache_folder() / "weights" / "torchvision" / "alexnet.pth"
    assert path.read_bytes() == b"weights" * 1000 and site.asked == [""]


def test_another_content_is_refused(site):
    site.files["alexnet.pth"] = b"harmful"
    with pytest.raises(ClearsightError, match="came with SHA-256"):
        fetch("torchvision:alexnet", quiet=True)
    assert not find("torchvision:alexnet").path.exists()


def test_offline_says_all_three_ways(site):
    site.status = 404
    with pytest.raises(
        ClearsightError,
        match=r"torchvision:alexnet is not here and cannot be downloaded \(Not Found, HTTP 404\). Three ways to have it: with a network, "
        r"run this again .* or copy the file of http.*alexnet.pth \(about 233 MiB\) to .*weights/torchvision/alexnet.pth; "
        r"or name a file of your own, torchvision:FILE\.",
    ):
        fetch("torchvision:alexnet", quiet=True)


def test_an_origin_by_name_is_fetched_and_loaded(monkeypatch):
    """`torchvision:squeezenet1_1` is the file of that row, as the network of that name; the rest is what it is for a file."""
    theirs = models.build("squeezenet1_1", 1000, seed=3)
    stream = io.BytesIO()
    torch.save({key.replace("trunk.", "features."): value for key, value in theirs.state_dict().items()}, stream)
    content = stream.getvalue()
    with serving(Site({"squeezenet1_1.pth": content})) as site:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()[:8]}"
        row = dataclasses.replace(find("torchvision:squeezenet1_1"), address=f"{site.address}squeezenet1_1.pth", digest=digest)
        monkeypatch.setattr(module, "catalogue", lambda: (row,))
        loaded = weights.load("torchvision:squeezenet1_1")
    assert loaded.architecture == "squeezenet1_1" and len(loaded.classes) == 1000 and loaded.classes[24].startswith("great grey owl")
    assert all(torch.equal(value, theirs.state_dict()[key]) for key, value in loaded.model.state_dict().items())


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        ("torchvision:resnet5", "Did you mean torchvision:resnet50"),
        ("keras:weights/vgg16", "there is no file weights/vgg16"),
        ("torchvision:vgg16.pth", r"there is no file vgg16.pth: an origin is STORE:FILE, .* or STORE:NAME, as torchvision:vgg16\."),
    ],
)
def test_an_origin_that_cannot_be(origin, says):
    with pytest.raises(UsageError, match=says):
        weights.load(origin)


def test_a_network_that_is_not_here_is_not_fetched(monkeypatch):
    row = dataclasses.replace(find("torchvision:alexnet"), name="swin_t", address="http://127.0.0.1:9/swin_t.pth")
    monkeypatch.setattr(module, "catalogue", lambda: (row,))
    with pytest.raises(UsageError, match="no network is called 'swin_t'"):
        weights.load("torchvision:swin_t")
