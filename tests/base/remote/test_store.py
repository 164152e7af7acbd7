"""The store: listing, ranges, repeated attempts, and errors that say what was tried."""

import pytest

from clearsight.base.remote import store


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(store, "FIRST", 0.0)


def test_files_are_written_listed_read_and_removed(bucket):
    for name in ("b/2.tar", "a.tar", "b/1.tar", "b/note.txt"):
        store.write(f"{bucket.folder}/{name}", name.encode() * 3)
    assert [file.address.removeprefix(f"{bucket.folder}/") for file in store.listing(bucket.folder)] == [
        "a.tar",
        "b/1.tar",
        "b/2.tar",
        "b/note.txt",
    ]
    assert [file.name for file in store.listing(f"{bucket.folder}/b/*.tar")] == ["1.tar", "2.tar"]
    (one,) = store.listing(f"{bucket.folder}/a.tar")
    assert one.size == 15 and len(one.version) == 32
    assert (
        store.read(one.address, 5, 5) == b"a.tar" and store.read(one.address, 15, 0) == b"" and store.read_all(one.address) == b"a.tar" * 3
    )
    store.write(one.address, b"other content!!")
    assert store.described(one.address).version != one.version
    store.remove(one.address)
    store.remove(one.address)
    assert not store.exists(one.address)
    with pytest.raises(store.MissingFile, match=r"there is no file at (s3|gs)://.*/none-\*\.tar"):
        store.listing(f"{bucket.folder}/none-*.tar")
    with pytest.raises(store.MissingFile):
        store.read(one.address, 0, 5)


def test_failures_that_pass_are_repeated(bucket):
    data = bytes(range(256)) * 64
    store.write(f"{bucket.folder}/a", data)
    bucket.share = 0.4
    assert all(store.read(f"{bucket.folder}/a", k, 512) == data[k : k + 512] for k in range(0, 8192, 512))
    assert bucket.faults > 3


def test_a_failure_that_stays_names_address_bytes_and_attempts(bucket):
    store.write(f"{bucket.folder}/a", b"12345678")
    bucket.share, bucket.kinds = 1.0, ("refused", "cut")
    with pytest.raises(
        store.StoreError, match=rf"cannot read {bucket.folder}/a \(bytes 2 to 6, 6 attempts in \d+ s\): .*Nothing was skipped"
    ):
        store.read(f"{bucket.folder}/a", 2, 4)
    assert bucket.faults == 6  # the library below repeats nothing
    bucket.share = 0.0
    with pytest.raises(store.StoreError, match="5 bytes came instead"):
        store.read(f"{bucket.folder}/a", 3, 10)


def test_a_file_that_is_written_meanwhile_is_read_whole(bucket, monkeypatch):
    address = f"{bucket.folder}/a"
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


def test_the_end_of_a_file_that_is_written_meanwhile_is_of_one_file(bucket, monkeypatch):
    address = f"{bucket.folder}/a"
    store.write(address, b"0123456789")
    assert store.read_end(address, 4) == b"6789" and store.read_end(address, 99) == b"0123456789"
    (there, path), left = store._store(address), [b"abcdefghijklmnop"]

    class Meanwhile:
        info, unstrip_protocol = staticmethod(there.info), staticmethod(there.unstrip_protocol)

        @staticmethod
        def cat_file(path, **where):
            if left:
                there.pipe_file(path, left.pop())
            return there.cat_file(path, **where)

    monkeypatch.setattr(store, "_store", lambda address: (Meanwhile, path))
    assert store.read_end(address, 4) == b"mnop" and not left


def test_a_large_file_is_read_whole_in_one_request(bucket, monkeypatch):
    store.write(f"{bucket.folder}/a", bytes(5000))
    there, _ = store._store(f"{bucket.folder}/a")
    monkeypatch.setattr(there, "default_block_size", 1000, raising=False)  # of which s3fs would ask for parts, several at a time
    monkeypatch.setattr(there, "info", lambda path: {"size": 5000})
    bucket.asked.clear()
    assert store.read_all(f"{bucket.folder}/a") == bytes(5000) and bucket.asked == {"GET": 1}


def test_an_access_that_google_denies_is_no_failure_that_passes(google, monkeypatch):
    monkeypatch.setattr(google.app, "denied", True)
    with pytest.raises(store.StoreError, match=r"cannot read gs://clearsight-tests/a: access is denied"):
        store.read("gs://clearsight-tests/a", 0, 4)


def test_a_web_server_need_not_report_the_size_of_a_whole_file(monkeypatch):
    class Silent:
        asked = 0

        def cat_file(self, path):
            self.asked += 1
            return b"an index"

        def info(self, path):
            return {"name": path, "type": "file", "size": None}

    silent = Silent()
    monkeypatch.setattr(store, "_store", lambda address: (silent, address))
    assert store.read_all("https://host/shards/train-0.tar.index") == b"an index" and silent.asked == 1


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
