"""JPEGs of every process of coding, damaged, decoded smaller than they are: does either decoder die, and how much does it refuse?

    python benchmarks/scaled_decodes.py [--decodes 20000] [--seed 0] [--plain]

Each decoder (Pillow alone, and with simplejpeg) has a process of its own, so that a crash is a line and not the end, and runs under
glibc's checked allocator where there is one (`MALLOC_CHECK_=3`, `MALLOC_PERTURB_=165`; `--plain` leaves it out): what is written past
the end of a buffer ends the process. Whole files of all 13 frames (SOF0 to SOF15; of those that no decoder knows, the marker alone),
JPEGs with a second frame, with another JPEG inside or behind them, in TIFF; then all of these with wrong bytes, sizes and frames.
Exit code 1 after a crash.
"""

import argparse
import base64
import ctypes.util
import importlib.util
import json
import os
import random
import struct
import subprocess
import sys
from io import BytesIO

import numpy as np
from PIL import Image
from skimage import data as photographs

PHOTO = Image.fromarray(photographs.chelsea()[40:140, 60:190])  # 130×100
FRAMES = tuple(code for code in range(0xC0, 0xD0) if code not in (0xC4, 0xC8, 0xCC))
# 40×33 px, by `jpegtran -arithmetic` and `jpegtran -arithmetic -progressive`: Pillow writes neither
ARITHMETIC = """
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigj
KE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/yQARCAAhACgDASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIR
AxEAPwCIdGhM6VQlMMgHL3/UIn38ff8AKzA5ZTd2vTFx6sgDQyB0pOb2KMQSpRps1g4u8zWdzxYYW8dVmMPy+8kdkQAOIxsEqagAhgqvQdDOW9q1Zl2B6UBfnsC4lJGKds5b
SADS0pcQQGX7P0OI9BD+BZCyBcgEMh7YN96Ib1RLteWNbHGBZrPlMivBnVZeaHNDc7p7ygTeXjipVRSjFVcScFMZUpCcaXoxr5TxYeTm0nrcQ0gSPCFwq7RSHHF+i/PTA3Jo
/9k=
"""
ARITHMETIC_PROGRESSIVE = """
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigj
KE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/ygARCAAhACgDASIAAhEBAxEB/8wABgAQARD/2gAMAwEAAhADEAAA
ARhJvkSqiDkKTGJ4C33MnogAFHK4jwHbVa9D/8wABBAF/9oACAEBAAEFAtObpAg/T0WFz6HBZOijs1TmeMBLY4ar/8wABBEF/9oACAEDAQE/AcD/zAAEEQX/2gAIAQIBAT8B
0Mog/8wABBAF/9oACAEBAAY/Arv9PBD/zAAEEAX/2gAIAQEAAT8hOaE+2A2EYTLudI2LrZ76mb1Bf5WWzAUCo9KIOusWauTIcDbnfx/3h0D/2gAMAwEAAgADAAAAEBQl22KD
xfL/zAAEEQX/2gAIAQMBAT8Q16FEmoD/zAAEEQX/2gAIAQIBAT8Q1p6A/8wABBAF/9oACAEBAAE/EMjiftzKoh5nBX1YC2FnA8zHYxy3y1JBAupuLw6luwwLJijJQdBuPueD
kGc6lzgHqst3FjtMrLZpANmHPUP3qjGqS2tVzUIFfdpM6wyC2J7/2Q==
"""


def saved(image: Image.Image = PHOTO, kind: str = "JPEG", **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(body)) + body


def lossless(pixels: np.ndarray) -> bytes:
    """SOF3 of uint8 `(H, W, C)`: 8 bits, each value coded by its difference to the left (ITU-T T.81, annex H)."""
    values = np.asarray(pixels, dtype=np.int32)
    height, width, channels = values.shape
    before = np.roll(values, 1, axis=1)
    before[1:, 0], before[0, 0] = values[:-1, 0], 128
    bits = []
    for difference in (values - before).reshape(-1).tolist():
        size = abs(difference).bit_length()
        bits.append(f"{size:05b}" + (f"{difference if difference > 0 else difference + (1 << size) - 1:0{size}b}" if size else ""))
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    scan = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
    table = bytes([0, 0, 0, 0, 0, 17, *[0] * 11, *range(17)])  # 17 codes of 5 bits, for 0 to 16 further bits
    frame = struct.pack(">BHHB", 8, height, width, channels) + b"".join(bytes([c, 0x11, 0]) for c in range(1, channels + 1))
    start = bytes([channels, *(x for c in range(1, channels + 1) for x in (c, 0)), 1, 0, 0])
    return b"\xff\xd8" + segment(0xC4, table) + segment(0xC3, frame) + segment(0xDA, start) + scan + b"\xff\xd9"


def frame_at(data: bytes) -> int:
    """Where the first frame's marker is; -1 without one."""
    return next((i for i in range(len(data) - 9) if data[i] == 0xFF and data[i + 1] in FRAMES), -1)


def named(data: bytes, code: int) -> bytes:
    """The same with another code in its first frame's marker."""
    at = frame_at(data) + 1
    return data[:at] + bytes([code]) + data[at + 1 :] if at else data


def resized(data: bytes, height: int, width: int) -> bytes:
    at = frame_at(data) + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :] if at > 4 else data


def doubled(data: bytes, code: int, behind: bool) -> bytes:
    """With a second frame before or behind the first one, its marker `code`."""
    at = frame_at(data)
    if at < 0:
        return data
    end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    another = data[at : at + 1] + bytes([code]) + data[at + 2 : end]
    return data[:end] + another + data[end:] if behind else data[:at] + another + data[at:]


def whole() -> dict[str, bytes]:
    """A file, as it should be, of every kind."""
    pixels = np.asarray(PHOTO)
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {
        "SOF0": saved(), "SOF0 grey": saved(PHOTO.convert("L")), "SOF0 4:4:4": saved(subsampling=0),
        "SOF0 CMYK": saved(PHOTO.convert("CMYK")), "SOF0 restarts": saved(restart_marker_blocks=3), "SOF0 turned": saved(exif=exif),
        "SOF1": named(saved(), 0xC1),
        "SOF2": saved(progressive=True), "SOF2 grey": saved(PHOTO.convert("L"), progressive=True),
        "SOF3": lossless(pixels), "SOF3 grey": lossless(pixels[..., :1]), "SOF3 strip": lossless(pixels[:3]),
        "SOF9": base64.b64decode(ARITHMETIC), "SOF10": base64.b64decode(ARITHMETIC_PROGRESSIVE),
    }  # fmt: skip
    like = {5: "SOF1", 6: "SOF2", 7: "SOF3", 11: "SOF3", 13: "SOF9", 14: "SOF10", 15: "SOF3"}  # no decoder knows these
    files |= {f"SOF{n}": named(files[kind], 0xC0 + n) for n, kind in like.items()}
    thumbnail = segment(0xE1, b"Exif\0\0" + files["SOF3"][:60_000])
    files["lossless inside"] = files["SOF0"][:2] + thumbnail + files["SOF0"][2:]
    files["lossless behind"] = files["SOF0"] + files["SOF3"]
    files["baseline behind lossless"] = files["SOF3"] + files["SOF0"]
    files["MPO"] = saved(PHOTO, "MPO", save_all=True, append_images=[PHOTO.resize((40, 40))])
    files["TIFF"] = saved(PHOTO, "TIFF", compression="jpeg")
    for kind, n in (("SOF0", 0), ("SOF0", 3), ("SOF3", 0)):
        files |= {f"{kind} then SOF{n}": doubled(files[kind], 0xC0 + n, True), f"SOF{n} then {kind}": doubled(files[kind], 0xC0 + n, False)}
    return files


def damaged(data: bytes, draw: random.Random) -> bytes:
    head = min(len(data), 700)
    match draw.randrange(10):
        case 0:
            return named(data, draw.choice(FRAMES))
        case 1:
            return resized(data, draw.randrange(1, 300), draw.randrange(1, 300))
        case 2:
            return doubled(data, draw.choice(FRAMES), draw.random() < 0.5)
        case 3:
            place = frame_at(data)
            return data[:place] + draw.choice((b"\xff\xff\xff", b"\0\0", b"\xff\0", b"\xff\xd0", b"\xff\xc3")) + data[place:]
        case 4:
            return data[: draw.randrange(3, len(data))] + b"\xff\xd9"
        case 5 | 6 | 7:
            changed = bytearray(data)
            for _ in range(draw.randrange(1, 4)):
                changed[draw.randrange(3, head)] = draw.randrange(256)
            return bytes(changed)
        case 8:
            place = draw.randrange(3, len(data))
            return data[:place] + data[place + draw.randrange(1, 30) :]
        case _:
            changed = bytearray(data)
            changed[draw.randrange(3, len(data))] ^= 1 << draw.randrange(8)
            return bytes(changed)


def decode_all(decoder: str, decodes: int, seed: int) -> None:
    """In this process: every whole file first, then damaged ones; prints what came of them."""
    from clearsight.base.errors import UnreadableImage
    from clearsight.images import jpeg
    from clearsight.images.decode import decode

    if decoder == "pillow":
        jpeg.simplejpeg = None
    draw, files = random.Random(seed), list(whole().values())
    counts = {"decoded": 0, "smaller": 0, "refused": 0}
    for i in range(decodes):
        data = files[i % len(files)]
        if i >= 4 * len(files):
            for _ in range(draw.randrange(3)):
                data = damaged(data, draw)
        try:
            picture = decode(data, min_side=draw.randrange(1, 51), channels=draw.choice((None, 1, 3)), max_pixels=250_000)
            counts["decoded"] += 1
            at = frame_at(data) + 5
            counts["smaller"] += picture.shape[0] < int.from_bytes(data[at : at + 2], "big")
        except UnreadableImage:
            counts["refused"] += 1
    print(json.dumps(counts))


def measured(decoder: str, decodes: int, seed: int, checked: bool) -> dict[str, int]:
    """What `decode_all` counts, in a process of its own, and its exit code: below 0 it was killed."""
    env = dict(os.environ)
    if checked and sys.platform == "linux":
        if not ctypes.util.find_library("c_malloc_debug"):
            print("libc_malloc_debug is not here: MALLOC_CHECK_ does nothing from glibc 2.34 on", file=sys.stderr)
        env |= {"LD_PRELOAD": "libc_malloc_debug.so.0", "MALLOC_CHECK_": "3", "MALLOC_PERTURB_": "165"}
    words = [sys.executable, __file__, "--decoder", decoder, "--decodes", str(decodes), "--seed", str(seed)]
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE, text=True)
    counts = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
    return {"exit": done.returncode, **counts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decodes", type=int, default=20_000, help="for each decoder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true", help="without the checked allocator")
    parser.add_argument("--decoder", choices=("pillow", "simplejpeg"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.decoder:
        return decode_all(given.decoder, given.decodes, given.seed)
    decoders = ["pillow", *(["simplejpeg"] if importlib.util.find_spec("simplejpeg") else [])]
    found = {decoder: measured(decoder, given.decodes, given.seed, not given.plain) for decoder in decoders}
    print(json.dumps(found))
    sys.exit(any(row["exit"] for row in found.values()))


if __name__ == "__main__":
    main()
