"""The store: listing, ranges, repeated attempts, and errors that say what was tried."""

import pytest

from clearsight.base.remote import store


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(store, "FIRST", 0.0)


def test_files_are_written_listed_read_and_removed(s3):
    for name in ("b/2.tar", "a.tar", "b/1.tar", "b/note.txt"):
        store.write(f"{s3.folder}/{name}", name.encode() * 3)
    assert [file.address.removeprefix(f"{s3.folder}/") for file in store.listing(s3.folder)] == [
        "a.tar",
        "b/1.tar",
        "b/2.tar",
        "b/note.txt",
    ]
    assert [file.name for file in store.listing(f"{s3.folder}/b/*.tar")] == ["1.tar", "2.tar"]
    (one,) = store.listing(f"{s3.folder}/a.tar")
    assert one.size == 15 and len(one.version) == 32
    assert (
        store.read(one.address, 5, 5) == b"a.tar" and store.read(one.address, 15, 0) == b"" and store.read_all(one.address) == b"a.tar" * 3
    )
    store.write(one.address, b"other content!!")
    assert store.described(one.address).version != one.version
    store.remove(one.address)
    store.remove(one.address)
    assert not store.exists(one.address)
    with pytest.raises(store.MissingFile, match=r"there is no file at s3://.*/none-\*\.tar"):
        store.listing(f"{s3.folder}/none-*.tar")
    with pytest.raises(store.MissingFile):
        store.read(one.address, 0, 5)


def test_failures_that_pass_are_repeated(s3):
    data = bytes(range(256)) * 64
    store.write(f"{s3.folder}/a", data)
    s3.share = 0.4
    assert all(store.read(f"{s3.folder}/a", k, 512) == data[k : k + 512] for k in range(0, 8192, 512))
    assert s3.faults > 3


def test_a_failure_that_stays_names_address_bytes_and_attempts(s3):
    store.write(f"{s3.folder}/a", b"12345678")
    s3.share, s3.kinds = 1.0, ("refused", "cut")
    with pytest.raises(store.StoreError, match=rf"cannot read {s3.folder}/a \(bytes 2 to 6, 6 attempts in \d+ s\): .*Nothing was skipped"):
        store.read(f"{s3.folder}/a", 2, 4)
    s3.share = 0.0
    with pytest.raises(store.StoreError, match="5 bytes came instead"):
        store.read(f"{s3.folder}/a", 3, 10)


def test_a_file_that_is_written_meanwhile_is_read_whole(s3, monkeypatch):
    address = f"{s3.folder}/a"
    store.write(address, b"short")
    (there, path), left = store._store(address), [b"longer than that", b"tiny"]

    class Meanwhile:
        cat_file = staticmethod(there.cat_file)

        @staticmethod
        def info(path):
            if left:
                store.write(address, left.pop())
            return there.info(path)

    real = store._store
    monkeypatch.setattr(store, "_store", lambda address: (Meanwhile, path))
    monkeypatch.setattr(store, "write", lambda address, data: real(address)[0].pipe_file(path, data))
    assert store.read_all(address) == b"longer than that" and not left


def test_what_a_repetition_cannot_mend_is_tried_once():
    for error, kind, said in (
        (FileNotFoundError("x"), store.MissingFile, "there is no file"),
        (PermissionError("https://h/x?Signature=secret"), store.StoreError, r"access is denied \(https://h/x\)"),
        (NotImplementedError(), store.StoreError, "NotImplementedError"),
        (type("NoCredentialsError", (Exception,), {})("x"), store.StoreError, "no credentials were found"),
    ):
        tries = []

        def work(error=error, tries=tries):
            tries.append(1)
            raise error

        with pytest.raises(kind, match=said):
            store._repeated("s3://b/x", "read", "", work)
        assert len(tries) == 1


def test_a_connection_that_fails_is_no_missing_file():
    error = FileNotFoundError("https://h/x")
    error.__cause__ = ConnectionRefusedError("refused")
    assert not store._missing(error)
    error.__cause__ = type("Answer", (Exception,), {"status": 404})()
    assert store._missing(error)
    error.__cause__ = type("Answer", (Exception,), {"status": 502})()
    assert not store._missing(error)


def test_a_web_server_is_only_read():
    with pytest.raises(store.StoreError, match="can only be read"):
        store.write("https://localhost/x", b"")
