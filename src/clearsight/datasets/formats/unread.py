"""Kinds of files that are no data set here, by their suffix: what they are, and what helps."""

from collections.abc import Iterable

_ARRAYS = "Save its arrays as .npz: numpy.savez('data.npz', images=pictures, labels=labels)"
_TABLE = "List the pictures in a table, a line path,label for each, and give that"
_ARCHIVE = "Unpack it, and give the folder; only .zip is read as it is"
_SHEET = "Save it as CSV"
_KINDS = {
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), ("an HDF5 file", _ARRAYS)),
    **dict.fromkeys((".mat",), ("a MATLAB file", f"{_ARRAYS}, after scipy.io.loadmat")),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), ("a pickle, which can run code when it is read", _ARRAYS)),
    **dict.fromkeys((".pt", ".pth", ".ckpt"), ("a file of torch, which can run code when it is read", _ARRAYS)),
    **dict.fromkeys(
        (".tfrecord", ".tfrecords", ".rec", ".lmdb", ".mdb"), ("a file of records", "Write each picture into the folder of its class")
    ),
    **dict.fromkeys((".json", ".xml"), ("a file of annotations or other values", _TABLE)),
    **dict.fromkeys((".yaml", ".yml"), ("a file of settings", _TABLE)),
    **dict.fromkeys((".xlsx", ".xls", ".ods", ".numbers"), ("a spreadsheet", _SHEET)),
    **dict.fromkeys((".tgz", ".gz", ".bz2", ".xz", ".zst", ".rar", ".7z"), ("an archive", _ARCHIVE)),
    ".zip": ("a ZIP archive", "Give that, or unpack it"),
    **dict.fromkeys((".sqlite", ".sqlite3", ".db"), ("a data base", _TABLE)),
    **dict.fromkeys((".mp4", ".avi", ".mov", ".mkv", ".webm"), ("a film", "Save frames of it as pictures")),
}
_ANNOTATIONS = frozenset((".json", ".xml", ".yaml", ".yml", ".txt"))


def kind(suffix: str) -> tuple[str, str]:
    """What a file with this suffix is, and what helps, both empty where that is not known."""
    return _KINDS.get(suffix.lower(), ("", ""))


def advice(suffixes: Iterable[str]) -> list[str]:
    """What helps where a folder without classes holds pictures and files of these `suffixes`, a line each."""
    kinds = dict.fromkeys(kind(suffix) for suffix in sorted({*suffixes} - _ANNOTATIONS))
    lines = [f"The folder holds {what}. {helps}." for what, helps in kinds if what]
    boxes = "Boxes and masks are not read: a picture has one label. " if _ANNOTATIONS & {*suffixes} else ""
    return [
        *lines,
        f"{boxes}Labels that are in the names of files, or in other files, go into a table with a line path,label for each picture.",
    ]
