"""A third set of photographs for benchmarks/photos.py: python windows.py FOLDER.

Twenty photographs that the packages scikit-image and scikit-learn bring, a class each: textures, scenes, medical pictures, pages. Each is
cut into four quadrants and each quadrant into five windows that may overlap, FOLDER/CLASS/QUADRANT/NUMBER.png: 400 pictures. A quadrant
is a group, so that a test part holds places of the photographs that were not seen; on a random division overlapping windows would lie in
both parts (99 % right in place of 91 %, by the plain head). The licences of the photographs: README.txt next to scikit-image's files.
"""

import random
import sys
from importlib.resources import as_file, files
from pathlib import Path

from PIL import Image

SKIMAGE = (
    *("astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png"),
    *("grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png", "page.png", "retina.jpg"),
    *("rocket.jpg", "text.png"),
)
SKLEARN = ("china.jpg", "flower.jpg")
WINDOWS, LEAST, MOST = 5, 0.6, 0.9  # in a quadrant; their side as a share of its shorter one


def cut(picture: Image.Image, folder: Path, name: str) -> None:
    """The windows of one photograph, drawn by its name."""
    draw, (width, height) = random.Random(name), (length // 2 for length in picture.size)
    for quadrant in range(4):
        left, top = quadrant % 2 * width, quadrant // 2 * height
        (folder / f"q{quadrant}").mkdir(parents=True, exist_ok=True)
        for number in range(WINDOWS):
            side = int(min(width, height) * draw.uniform(LEAST, MOST))
            x, y = left + draw.randint(0, width - side), top + draw.randint(0, height - side)
            picture.crop((x, y, x + side, y + side)).save(folder / f"q{quadrant}" / f"{number}.png")


def main(folder: str) -> None:
    sources = [files("skimage").joinpath("data", name) for name in SKIMAGE] + [
        files("sklearn").joinpath("datasets/images", name) for name in SKLEARN
    ]
    for source in sources:
        name = Path(source.name).stem
        with as_file(source) as path, Image.open(path) as picture:
            cut(picture.convert("RGB"), Path(folder) / name, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
