"""A picture is known by its pixels: copies, other names, other lossless formats and other metadata are the same picture."""

import os
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from clearsight.base.files import cache_folder
from clearsight.datasets import identity
from clearsight.datasets.dataset import Dataset, Parts, objects
from clearsight.datasets.identity import file_digest, identified, pixel_digest, set_digest
from clearsight.datasets.loader import load
from clearsight.datasets.open import open_dataset
from clearsight.images.preprocess import Preprocessing


def noise(seed=0, shape=(20, 24, 3)):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def smooth(side, seed=0):
    return Image.fromarray(noise(seed, (8, 8, 3))).resize((side, side), Image.Resampling.BICUBIC)


def digest(path):
    return file_digest(str(path))[0]


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "webp"])
def test_a_lossless_file_has_the_digest_of_its_pixels(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    Image.fromarray(noise()).save(path, **({"lossless": True} if suffix == "webp" else {}))
    assert digest(path) == pixel_digest(noise())


def test_the_header_of_a_picture_without_bands_is_read_once(tmp_path, monkeypatch):
    """A second reading took a third of the first epoch of 4,000 small PNG."""
    monkeypatch.setattr(identity, "picture_facts", lambda data: pytest.fail("read a second time"))
    for suffix in ("png", "gif", "bmp"):
        Image.new("L", (5, 4), 9).save(tmp_path / f"a.{suffix}")
        assert digest(tmp_path / f"a.{suffix}") == pixel_digest(np.full((4, 5, 1), 9, np.uint8))


def test_grey_is_grey_however_it_is_stored(tmp_path):
    grey = noise(shape=(9, 7))
    for i, image in enumerate((Image.fromarray(grey), Image.fromarray(grey).convert("RGB"), Image.fromarray(grey).convert("P"))):
        image.save(tmp_path / f"{i}.png")
        assert digest(tmp_path / f"{i}.png") == pixel_digest(grey)
    assert pixel_digest(grey) == pixel_digest(grey[:, :, None]) == pixel_digest(np.repeat(grey[:, :, None], 3, axis=2))


def test_other_pixels_and_other_shapes_are_other_pictures():
    one = noise()
    other = one.copy()
    other[-1, -1, -1] ^= 1
    assert pixel_digest(one) != pixel_digest(other)
    flat = noise(shape=(4, 6))
    assert pixel_digest(flat) != pixel_digest(flat.reshape(6, 4))


def test_a_small_jpeg_is_the_picture_that_it_decodes_to(tmp_path):
    smooth(64).save(tmp_path / "x.jpg", quality=90)
    Image.open(tmp_path / "x.jpg").save(tmp_path / "x.png")
    assert digest(tmp_path / "x.jpg") == digest(tmp_path / "x.png")


def test_a_large_jpeg_is_its_coded_data_without_metadata(tmp_path, monkeypatch):
    monkeypatch.setattr(identity, "LARGE", 32 * 32)
    image, told = smooth(64), Image.Exif()
    told[0x010E] = "a cat"
    image.save(tmp_path / "plain.jpg", quality=90)
    image.save(tmp_path / "told.jpg", quality=90, exif=told, comment="from a camera", icc_profile=b"profile")
    image.save(tmp_path / "worse.jpg", quality=80)
    smooth(64, seed=1).save(tmp_path / "other.jpg", quality=90)
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(noise(3, (64, 32, 3))).save(tmp_path / "upright.jpg", quality=90)
    Image.fromarray(noise(3, (64, 32, 3))).save(tmp_path / "turned.jpg", quality=90, exif=turned)
    assert digest(tmp_path / "plain.jpg") == digest(tmp_path / "told.jpg")
    names = ("plain", "worse", "other", "upright", "turned")
    assert len({digest(tmp_path / f"{name}.jpg") for name in names}) == len(names)


def test_what_is_no_picture_has_a_digest_and_is_refused_by_whoever_reads_it(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    (tmp_path / "b.png").write_bytes(b"none either")
    os.mkfifo(tmp_path / "pipe.png")
    names = ("a.png", "b.png", "gone.png", "pipe.png")
    assert len({digest(tmp_path / name) for name in names}) == len(names)


def folder(root):
    for i in range(6):
        (root / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(i)).save(root / "ab"[i % 2] / f"{i}.png")
    return root


def test_files_and_arrays_of_the_same_pictures_have_the_same_digests(tmp_path):
    files = identified(open_dataset(folder(tmp_path / "d"))).parts["all"]
    arrays = identified(open_dataset((np.stack([noise(i) for i in range(6)]), np.arange(6) % 2))).parts["all"]
    assert sorted(files.digests.tolist()) == sorted(arrays.digests.tolist())
    assert set_digest(files.digests) == set_digest(arrays.digests) != set_digest(arrays.digests[1:])


def test_a_file_is_read_once_and_again_when_it_has_changed(tmp_path, monkeypatch):
    root, read = folder(tmp_path / "d"), []
    own = identity.file_digest
    monkeypatch.setattr(identity, "file_digest", lambda path: read.append(path) or own(path))
    first = identified(open_dataset(root)).parts["all"].digests.tolist()
    assert identified(open_dataset(root)).parts["all"].digests.tolist() == first and len(read) == 6
    changed = root / "a" / "0.png"
    status = changed.stat()
    data = bytearray(changed.read_bytes())
    Image.fromarray(255 - noise(0)).save(stream := BytesIO(), format="PNG")
    changed.write_bytes(stream.getvalue().ljust(len(data), b"\0"))
    os.utime(changed, ns=(status.st_atime_ns, status.st_mtime_ns))  # as rsync -t and tar leave it
    again = identified(open_dataset(root)).parts["all"].digests.tolist()
    assert len(read) == 7 and sum(a != b for a, b in zip(first, again, strict=True)) == 1


@pytest.mark.parametrize("damage", [b"", b"x" * 10, None])
def test_a_damaged_cache_is_not_believed(tmp_path, damage):
    root = folder(tmp_path / "d")
    first = identified(open_dataset(root)).parts["all"].digests.tolist()
    (memory,) = (cache_folder() / "digests").iterdir()
    data = bytearray(memory.read_bytes())
    data[40] ^= 1
    memory.write_bytes(bytes(data) if damage is None else damage)
    assert identified(open_dataset(root)).parts["all"].digests.tolist() == first


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_decoded_on_the_way_load_as_their_files_do(tmp_path, channels):
    for i, mode in enumerate(("RGB", "L", "LA", "RGBA", "P", "I;16")):
        (tmp_path / "d" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(noise(i)) if mode != "I;16" else Image.fromarray(noise(i, (20, 24)).astype(np.uint16) * 200)
        (image if mode == "I;16" else image.convert(mode)).save(tmp_path / "d" / "ab"[i % 2] / f"{i}.png")
    known = identified(open_dataset(tmp_path / "d")).parts["all"]
    held = [picture is not None for picture in known.decoded]
    assert held == [True] * 5 + [False]  # 16 bits depend on the range of values
    plain = Dataset(known.classes, known.labels, known.names, root=known.root, paths=known.paths)
    preprocessing = Preprocessing(channels=channels, height=12, width=12, mean=(0.0,) * channels, std=(1.0,) * channels)
    both = [load(data, preprocessing, cache="memory", quiet=True).tensors[0] for data in (known, plain)]
    assert both[0].equal(both[1])


def test_parts_that_are_known_already_are_not_looked_at_again():
    data = Dataset(("a",), np.zeros(1, np.int64), objects(["x"]), pictures=noise()[None], digests=np.array([b"known"]))
    assert identified(Parts("d", ("a",), {"all": data})).parts["all"].digests.tolist() == [b"known"]


def test_only_so_many_decoded_pictures_are_held(tmp_path, monkeypatch):
    """None larger than 64 KiB, and 128 MiB of them; a few more may be if threads count at once."""
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    small, large = np.zeros(2**16, np.uint8), np.zeros(2**16 + 1, np.uint8)
    monkeypatch.setattr(identity, "file_digest", lambda path: (b"0" * 32, large if "large" in path else small))
    paths = [str(tmp_path / f"{'large' if i % 3 == 0 else 'small'}-{i}") for i in range(3200)]
    _, held = identity._digests(paths, True)
    assert all(held[i] is None for i in range(0, 3200, 3))
    assert 2048 <= sum(picture is not None for picture in held) <= 2048 + (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        (0xC0, True), (0xC4, True), (0xDB, True), (0xDD, True), (0xDF, True), (0xE0, False), (0xE1, False), (0xE2, False), (0xED, False),
        (0xEE, True), (0xEF, False), (0xF0, True), (0xFD, True), (0xFE, False),
    ],
)  # fmt: skip
def test_the_parts_of_a_jpeg_that_decide_its_pixels(kind, kept):
    """Tables and frames, Adobe's colour transform, and all from the scan on; no other segment for applications, no comment."""
    table, scan = b"\xff\xdb\0\4ab", b"\xff\xda\0\2\xff\xe0\0\4xy\xff\xd9"
    one = bytes([0xFF, kind]) + b"\0\5one"
    assert b"".join(identity._coded(b"\xff\xd8" + table + one + table + scan)) == table + one * kept + table + scan
    assert b"".join(identity._coded(b"\xff\xd8" + one[:3])) == one[:3]  # cut off


@pytest.mark.parametrize(("size", "decoded"), [((32, 32), True), ((33, 32), False)])
def test_a_jpeg_is_decoded_up_to_a_megapixel(tmp_path, monkeypatch, size, decoded):
    assert identity.LARGE == 1024 * 1024
    monkeypatch.setattr(identity, "LARGE", 32 * 32)
    smooth(64).resize(size).save(tmp_path / "x.jpg", quality=90)
    Image.open(tmp_path / "x.jpg").save(tmp_path / "x.png")
    assert (digest(tmp_path / "x.jpg") == digest(tmp_path / "x.png")) is decoded


@pytest.mark.parametrize(("levels", "told_apart"), [(15, True), (16, False)])
def test_dark_pictures_of_16_bits_are_known_by_all_their_bits(tmp_path, levels, told_apart):
    """Above 16 levels of 255 the digest is that of earlier versions, of the upper byte."""
    values = np.zeros((6, 6), np.uint16)
    values[0, 0] = 257 * levels
    Image.fromarray(values).save(tmp_path / "a.png")
    values[3, 3] = 1
    Image.fromarray(values).save(tmp_path / "b.png")
    assert (digest(tmp_path / "a.png") != digest(tmp_path / "b.png")) is told_apart


def test_the_pixels_of_a_picture_with_a_profile_or_16_bits_are_not_kept_for_other_readers():
    """They depend on how it is read."""
    for options, kept in (({}, True), ({"icc_profile": b"profile"}, False)):
        Image.fromarray(noise()).save(stream := BytesIO(), "PNG", **options)
        assert (identity.data_digest(stream.getvalue())[1] is not None) is kept
    Image.fromarray(np.full((4, 4), 60_000, np.uint16)).save(stream := BytesIO(), "PNG")
    assert identity.data_digest(stream.getvalue())[1] is None


@pytest.mark.parametrize("more", [0, 1])
def test_a_larger_file_is_not_read_as_a_picture(tmp_path, monkeypatch, more):
    Image.fromarray(noise()).save(tmp_path / "x.png")
    monkeypatch.setattr(identity, "MAX_BYTES", (tmp_path / "x.png").stat().st_size - more)
    assert (digest(tmp_path / "x.png") == pixel_digest(noise())) is not bool(more)


def test_a_picture_is_grey_only_if_every_pixel_is():
    """Not where only those are that are looked at first."""
    grey = np.repeat(noise(shape=(20, 20, 1)), 3, axis=2)
    assert identity._grey(grey)
    for place in ((0, 0), (8, 8), (3, 5), (19, 19)):
        other = grey.copy()
        other[place][2] ^= 1
        assert not identity._grey(other)
