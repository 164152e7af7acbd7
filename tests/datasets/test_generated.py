"""Random layouts and tables: each is read as a person would read it, or refused with a sentence that names the file or column."""

import random
from pathlib import Path

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.datasets.formats.folder import read_folder
from clearsight.datasets.table import read_table

CLASSES = (("cat", "dog"), ("forest", "sea", "street"), ("0", "1", "2"), ("healthy", "rust spot", "scab"), ("Bär", "Öl"))
PARTS = (  # train, test
    ("train", "test"), ("Train", "Test"), ("training_set", "test_set"), ("seg_train/seg_train", "seg_test/seg_test"),
    ("Training", "Testing"),
    ("train_images", "test_images"), ("train2017", "val2017"), ("train", "valid"),
    ("cars_train", "cars_test"), ("train/images", "val/images"),
    ("TrainData", "ValData"), ("train", "test1"), ("trainset", "testset"), ("train-set", "dev-set"),
)  # fmt: skip
OUTER = ("", "", "archive", "data/images", "my set/2024")
NEXT_TO = ("", "", "unlabelled", "pred", "extra_images", "annotations")


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def found(parts) -> dict[str, tuple[str, str]]:
    """Part and label of every file."""
    return {str(name): (part, data.label(i)) for part, data in parts.parts.items() for i, name in enumerate(data.names)}


@pytest.mark.parametrize("seed", range(200))
def test_a_random_folder_is_read_right_or_refused(tmp_path, seed):
    r = random.Random(seed)
    root, classes = tmp_path / "set", r.choice(CLASSES)
    outer, next_to, divided, flat_test = r.choice(OUTER), r.choice(NEXT_TO), r.random() < 0.8, r.random() < 0.25
    inside = f"{outer}/" if outer else ""
    truth: dict[str, tuple[str, str]] = {}
    train, test = r.choice(PARTS)
    part_of = {train: "train", test: "test" if "est" in test else "val"} if divided else {"": "all"}
    for folder, part in part_of.items():
        for label in classes:
            for i in range(r.randint(1, 3)):
                base = f"{inside}{folder}/" if folder else inside
                flat = part != "train" and divided and flat_test
                suffix = r.choice((".jpg", ".jpg", ".JPG", ".Jpeg", ".png", ".TIF"))
                name = f"{base}{i}{label}{suffix}" if flat else f"{base}{label}/{'deep/' * (r.random() < 0.2)}{i}{suffix}"
                touch(root, name)
                if not flat:
                    truth[name] = part, label
    if next_to and divided:
        touch(root, *(f"{inside}{next_to}/{i}.{'txt' if next_to == 'annotations' else 'jpg'}" for i in range(2)))
    if r.random() < 0.3:
        touch(root, f"{inside}.DS_Store", f"{inside}README.md")
    if zipped := r.random() < 0.2:
        touch(root, f"{inside}more.zip")
    if r.random() < 0.2:
        touch(root, f"{inside}runs/x/run.json", f"{inside}runs/x/recipe.toml", f"{inside}runs/x/golden/0.png")
    parts = read_folder(root)
    assert found(parts) == truth, f"{seed}: {parts.notes}"
    said = "\n".join(parts.notes)
    assert ("1 .zip" in said) == zipped, "an archive among the folders is not read, and said"
    if divided and flat_test:
        assert test.split("/")[0] in said, seed
    if divided and next_to not in ("", "annotations"):
        assert next_to in said, seed


HEADERS = (
    ("path", "label"), ("image_id", "breed"), ("id_code", "diagnosis"), ("Image Index", "Finding"), ("filename", "class"), 
    ("img", "species"),
    ("file_name", "target"), ("a", "b"), ("FILE", "Label"), (None, None),
)  # fmt: skip
WRITTEN = {
    "plain": "pics/{}.png", "backslashes": "pics\\{}.png", "without suffix": "pics/{}", "name only": "{}.png", "stem only": "{}",
    "another machine": "/home/ann/old/pics/{}.png", "windows": "C:\\old\\pics\\{}.png", "dotted": "./pics/{}.png",
}  # fmt: skip
DIVISIONS = {
    "": None, "split": ("train", "test"), "is_test": ("0", "1"), "set": ("Training", "Testing"), "IsTrain": ("True", "False"),
    "fold": ("0", "1"), "usage": ("Public", "Private"), "phase": ("train", "val"),
}  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    root = tmp_path_factory.mktemp("generated") / "set"  # with nothing next to it
    touch(root, *(f"pics/p{i:03d}.png" for i in range(12)))
    return root


@pytest.mark.parametrize("seed", range(250))
def test_a_random_table_is_read_right_or_refused(pictures, seed):
    r = random.Random(seed)
    path_name, label_name = r.choice(HEADERS)
    way, division = r.choice(list(WRITTEN)), "" if path_name is None else r.choice(list(DIVISIONS))
    mark, encoding, end = r.choice(",;\t|"), r.choice(("utf-8", "utf-8-sig", "utf-16", "cp1252")), r.choice(("\n", "\r\n"))
    classes, several = r.choice(CLASSES), r.random() < 0.15 and mark != "|"
    missing, one_hot, swapped = r.random() < 0.1, path_name is not None and r.random() < 0.15, r.random() < 0.3
    rows, truth = [], {}
    for i in range(12):
        part = i % 4 // 3  # every fourth row is of the second part
        label = classes[(i // 4 + i) % len(classes)]
        written = f"{label}|{classes[0]}" if several and i in (5, 6) and not one_hot else label
        cells = [str(int(label == one)) for one in classes] if one_hot else [written]
        cells = [WRITTEN[way].format(f"p{i + 40 * (missing and i == 7):03d}"), *cells]
        cells += [DIVISIONS[division][part]] if division else []
        rows.append(cells[::-1] if swapped else cells)
        parts = {"": "all", "phase": ("train", "val")[part]}
        truth[f"pics/p{i:03d}.png"] = parts.get(division, ("train", "test")[part]), label
    header = [path_name, *(classes if one_hot else [label_name]), *([division] if division else [])]
    lines = [mark.join(row) for row in ([] if path_name is None else [header[::-1] if swapped else header]) + rows]
    table = pictures / f"t{seed}.{'tsv' if mark == chr(9) else 'csv'}"
    table.write_bytes((end.join(lines) + end).encode(encoding))
    stops = [
        (division in ("fold", "usage"), division), (several and not one_hot, "several labels"), (missing, "files do not exist"),
    ]  # fmt: skip
    if sentences := [sentence for expected, sentence in stops if expected]:
        with pytest.raises(ClearsightError, match=f"{table.name}.*({'|'.join(sentences)})"):
            read_table(table)
        return
    parts = read_table(table)
    assert found(parts) == truth, f"{seed}: {parts.notes}"
