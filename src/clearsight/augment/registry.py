"""The augmentations by name, and the words of a recipe that name them, as in `flip crop:2 jitter:0.4`."""

from functools import partial

from ..base.code import checked, imported, is_code
from ..base.errors import UsageError
from ..base.text.words import Word
from ..base.text.words import parse as parse_words
from . import custom
from .op import Op, Row
from .ops import erase, gaussian, geometry, grayscale, quality, tone
from .ops.crop import crop, flip, plan_crop, plan_flip, plan_random_resized_crop, random_resized_crop
from .ops.jitter import jitter, only, plan_jitter
from .policies import augmix, autoaugment, randaugment, trivialaugment
from .policies.search_space import plan_policy

ROWS: dict[str, Row] = {
    "flip": Row(plan_flip, flip, 1, (0.5,), 0.0, 1.0, "mirror left and right, with this probability", moves=True),
    "crop": Row(plan_crop, crop, 2, (1,), 0, 64, "shift by up to this many px, mirrored at the border", moves=True),
    "rrc": Row(
        plan_random_resized_crop,
        random_resized_crop,
        4,
        (0.35,),
        0.01,
        1.0,
        "random resized crop of at least this share of the area",
        margin=1.15,
    ),
    "jitter": Row(
        plan_jitter,
        jitter,
        4,
        (0.4, 0.4, 0.4, 0.1),
        0.0,
        1.0,
        "brightness, contrast, saturation by this share, hue by a quarter of it in turns; or all four",
        floats=True,
    ),
    "brightness": Row(only(0), jitter, 1, (0.4,), 0.0, 1.0, "brightness by up to this share", floats=True),
    "contrast": Row(only(1), jitter, 1, (0.4,), 0.0, 1.0, "contrast by up to this share", floats=True),
    "saturation": Row(only(2), jitter, 1, (0.4,), 0.0, 1.0, "saturation by up to this share", floats=True),
    "hue": Row(only(3), jitter, 1, (0.1,), 0.0, 0.5, "hue by up to this many turns", floats=True),
    "rotate": Row(geometry.plan_rotate, geometry.warp, 1, (15.0,), 0.0, 180.0, "turn by up to this many degrees"),
    "shear": Row(geometry.plan_shear, geometry.warp, 2, (0.2,), 0.0, 1.0, "shift rows or columns by up to this share of their distance"),
    "translate": Row(geometry.plan_translate, geometry.warp, 2, (0.1,), 0.0, 0.5, "shift by up to this share of each side"),
    "zoom": Row(geometry.plan_zoom, geometry.warp, 1, (0.2,), 0.0, 3.0, "larger or smaller by up to 1 + this"),
    "perspective": Row(geometry.plan_perspective, geometry.warp, 8, (0.3,), 0.0, 0.9, "pull the corners inwards by up to this share"),
    "elastic": Row(
        geometry.plan_elastic, geometry.elastic, 2 * geometry.NODES**2, (0.06,), 0.0, 0.3, "bend by up to this share of the shorter side"
    ),
    "gamma": Row(tone.plan_gamma, tone.apply_table, 1, (0.5,), 0.0, 4.0, "to the power of up to 1 + this, or one over that"),
    "exposure": Row(tone.plan_exposure, tone.apply_table, 1, (1.0,), 0.0, 4.0, "light more or less by up to this many stops"),
    "solarise": Row(tone.plan_solarise, tone.apply_table, 2, (0.2,), 0.0, 1.0, "invert what is bright, with this probability"),
    "posterise": Row(tone.plan_posterise, tone.apply_table, 1, (4,), 1, 8, "this many bits a level at least"),
    "equalise": Row(tone.plan_mask, tone.equalise, 1, (0.2,), 0.0, 1.0, "make all levels equally frequent, with this probability"),
    "autocontrast": Row(tone.plan_mask, tone.autocontrast, 1, (0.2,), 0.0, 1.0, "stretch to all levels, with this probability"),
    "invert": Row(tone.plan_mask, tone.invert, 1, (0.2,), 0.0, 1.0, "a negative, with this probability"),
    "sharpen": Row(quality.plan_sharpen, quality.sharpen, 1, (0.9,), 0.0, 3.0, "sharper or softer by up to this"),
    "noise": Row(quality.plan_noise, quality.noise, 2, (0.05,), 0.0, 1.0, "Gaussian noise of up to this deviation"),
    "jpeg": Row(quality.plan_jpeg, quality.jpeg, 1, (30,), 1, quality.MAX_QUALITY, "through a JPEG of at least this quality"),
    "erase": Row(
        erase.plan_erase, erase.erase, 6, (0.25,), 0.0, 1.0, "cover up to this share of the area of every second picture", moves=True
    ),
    "grey": Row(grayscale.plan_grayscale, grayscale.grayscale, 1, (0.2,), 0.0, 1.0, "grey, with this probability"),
    "blur": Row(gaussian.plan_blur, gaussian.blur, 2, (2.0,), 0.1, 16.0, "of half the pictures, by a Gaussian of 0.1 to this many px"),
}
POLICIES = {
    "trivial": Row(
        plan_policy,
        trivialaugment.trivial(ROWS),
        trivialaugment.DRAWS,
        (1.0,),
        0.0,
        1.0,
        "TrivialAugment, with this share of its strengths",
    ),
    "rand": Row(
        plan_policy, randaugment.rand(ROWS), randaugment.DRAWS, (5.0,), 0.0, 10.0, "RandAugment: two changes of this strength in tenths"
    ),
    "augmix": Row(
        plan_policy, augmix.augmix(ROWS), augmix.DRAWS, (1.0,), 0.0, 1.0, "AugMix, with this share of its strengths", floats=True
    ),
}
POLICIES |= {
    f"auto-{name}": Row(
        plan_policy, autoaugment.auto(ROWS, name), autoaugment.DRAWS, (1.0,), 0.0, 1.0, f"AutoAugment found for {data}, on this share"
    )
    for name, data in (("imagenet", "ImageNet"), ("cifar10", "CIFAR-10"), ("svhn", "SVHN"))
}
AUGMENTATIONS = ROWS | POLICIES
# other spellings; the old word is the name that is stored, and that draws are keyed by
ALIASES = {
    "solarize": "solarise",
    "posterize": "posterise",
    "equalize": "equalise",
    "grayscale": "grey",
    "random_resized_crop": "rrc",
}


def parse(text: str) -> tuple[Op, ...]:
    """The augmentations of `text`, as in `flip crop:2 @mychanges:jigsaw`; raises UsageError for an unknown name or a wrong strength."""
    ops = []
    for part in text.split():
        if is_code(part):
            ops.append(Op(checked(part, custom.KIND), ()))
            continue
        (word,) = parse_words(part, "augmentation", AUGMENTATIONS | ALIASES)
        name = ALIASES.get(word.name, word.name)
        ops.append(Op(name, _strengths(AUGMENTATIONS[name], word)))
    return tuple(ops)


def row_of(op: Op) -> Row:
    """The entry of an augmentation; raises UsageError for one of the user's own that is not allowed or cannot be imported."""
    if not is_code(op.name):
        return AUGMENTATIONS[op.name]
    said = (getattr(imported(op.name, custom.KIND), "__doc__", None) or "").strip().partition("\n")[0]
    return Row(custom.plan, partial(custom.change, op.name), custom.DRAWS, (), 0.0, 0.0, said.rstrip(".") or "an augmentation of your own")


def margin(ops: tuple[Op, ...]) -> float:
    """How many times larger than the network's input the stored pictures should be."""
    return max((row_of(op).margin for op in ops), default=1.0)


def _strengths(row: Row, word: Word) -> tuple[float, ...]:
    """As many as the row has; a single one scales them all."""
    kind = type(row.default[0])  # px are whole, shares are not
    given = word.values(kind) or row.default
    if len(given) not in (1, len(row.default)) or not all(row.low <= value <= row.high for value in given):
        many = f"1 or {len(row.default)} numbers" if len(row.default) > 1 else f"a {'whole ' if kind is int else ''}number"
        raise UsageError(f"augmentation {word.name} takes {many} from {row.low:g} to {row.high:g} ({row.meaning}). Got {word.text!r}.")
    return given if len(given) == len(row.default) else tuple(given[0] * value / row.default[0] for value in row.default)
