"""The environment of the peers: built once, apart from ours; a peer that cannot be installed is named and skipped.

python benchmarks/peers.py            # into benchmarks/.peers, or where CLEARSIGHT_PEERS says
python benchmarks/peers.py timm keras # these alone
python benchmarks/peers.py --again    # try those that failed once more
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from common import ROOT, last_line, say

# What pip is told for each peer, in this order. Those that would bring another torch come without their dependencies,
# which are named instead; spacy, for text, is one that fastai's pictures do without. torchvision 0.28 is torch 2.13's.
FASTAI = (
    "fastcore fasttransform fastdownload fastprogress matplotlib pandas requests pyyaml scikit-learn scipy packaging plum-dispatch<2.10"
)
PEERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "keras": (("keras",),),
    "lightning": (("lightning",),),
    "torchvision": (("numpy", "pillow"), ("--no-deps", "torchvision==0.28.*")),
    "timm": (("huggingface_hub", "safetensors", "pyyaml"), ("--no-deps", "timm")),
    "fastai": ((*FASTAI.split(), "cloudpickle"), ("--no-deps", "fastai")),
    "onnxruntime": (("onnx", "onnxscript", "onnxruntime"),),
    "jax": (("jax",),),
    # clearsight too: the following take turns with ours in one process
    "clearsight": (("--editable", str(ROOT)),),
    "opencv-python-headless": (("opencv-python-headless<5",),),  # 5 has no HOGDescriptor
    "scikit-image": (("scikit-image",),),
    "foolbox": (("foolbox",),),
    "torchattacks": (("tqdm", "requests", "scipy"), ("--no-deps", "torchattacks")),
    "adversarial-robustness-toolbox": (("adversarial-robustness-toolbox",),),
    "kornia": (("kornia",),),
    "albumentations": (("albumentations==2.0.8", "albucore==0.0.24"),),  # newer albucores break it
    "lightly": (("hydra-core", "pytorch_lightning", "tqdm"), ("--no-deps", "lightly")),
    "imagecorruptions": (("scikit-image", "setuptools<81"), ("--no-deps", "imagecorruptions")),
}


def place() -> Path:
    """Where the environment is."""
    return Path(os.environ.get("CLEARSIGHT_PEERS") or Path(__file__).resolve().parent / ".peers")


def python() -> str:
    """Its interpreter."""
    return str(place() / "bin" / "python")


def versions() -> dict[str, str]:
    """The peers that are there and their versions; {} before `build`."""
    return _state().get("versions", {})


def missing(wanted: tuple[str, ...]) -> list[str]:
    """A line for each of the peers `wanted` that is not there, and why."""
    failed = _state().get("failed", {})
    return [
        f"{name} is missing: {failed.get(name, 'not built; run python benchmarks/peers.py')}" for name in wanted if name not in versions()
    ]


def _state() -> dict[str, dict[str, str]]:
    file = place() / "peers.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def build(again: bool = False, names: Sequence[str] = ()) -> None:
    """Make the environment: torch first and alone, by our constraints, then each peer (of `names`, or all) that is not there yet."""
    if not (place() / "bin" / "python").exists():
        say(f"peers: making {place()}")
        venv.create(place(), with_pip=True)
    failed = _state().get("failed", {})
    have = versions()
    if "torch" not in have and (error := _pip("torch")):
        raise SystemExit(f"the peers' environment cannot be built: {error}")
    have["torch"] = _version("torch")
    for name, calls in PEERS.items():
        if name in have or (name in failed and not again) or (names and name not in names):
            continue
        say(f"peers: installing {name}")
        error = next((error for call in calls if (error := _pip(*call))), "")
        failed.pop(name, None)
        if error:
            failed[name] = error
            say(f"peers: {name} cannot be installed: {error}")
        else:
            have[name] = _version(name)
        (place() / "peers.json").write_text(json.dumps({"versions": have, "failed": failed}, indent=1) + "\n", encoding="utf-8")


def _pip(*words: str) -> str:
    """Install; what went wrong, or nothing."""
    command = [python(), "-m", "pip", "install", "--quiet", "--constraint", str(ROOT / "constraints.txt"), *words]
    done = subprocess.run(command, capture_output=True, text=True)
    return last_line(done.stderr) or f"pip ended with {done.returncode}" if done.returncode else ""


def _version(name: str) -> str:
    code = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.run([python(), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", action="store_true", help="try those that failed once more")
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"default all: {' '.join(PEERS)}")
    given = parser.parse_args()
    if unknown := set(given.peers) - set(PEERS):
        parser.error(f"no peer {', '.join(sorted(unknown))}; there is {', '.join(PEERS)}")
    build(given.again, given.peers)
    print(", ".join(f"{name} {version}" for name, version in versions().items()))
    for line in missing(tuple(PEERS)):
        print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
