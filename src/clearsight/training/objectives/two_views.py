"""What is done to a picture twice, so that a network learns which two views are of one picture."""

from ..resolve import SMALL, characters


def views(size: int, channels: int, classes: tuple[str, ...]) -> str:
    """The changes, as `--augment` takes them: those of SimCLR for photographs, milder ones for small pictures.

    A small picture that is cropped to a fifth of its area, as a photograph is, may show nothing of its class. Characters are not flipped.
    """
    flip = "" if characters(classes) else "flip "
    if size <= SMALL:
        return f"{flip}crop:{max(1, round(size / 9))} rotate:15 jitter:0.6 erase:0.3 blur:1"
    grey = "" if channels == 1 else " grey:0.2"
    return f"rrc:0.2 {flip}blur{grey} jitter:0.8"
