"""One function behind a web address, as AWS Lambda calls it: `handler`; MODEL names the file, whose golden pictures are next to it.

A cold start that does not answer as the classifier does fails, and serves nothing.
"""

import base64
import binascii
import io
import json
import os
from pathlib import Path

import onnxruntime
from pictures import golden_check, pixels
from PIL import Image

MODEL = Path(os.environ.get("MODEL", "model.onnx"))
Image.MAX_IMAGE_PIXELS = 32_000_000  # Pillow refuses twice as many
session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
about = json.loads(session.get_modelmeta().custom_metadata_map["clearsight"])


def probabilities(pictures):
    """Of each class, float32 (classes,), for uint8 (1, height, width, channels)."""
    return session.run(["probabilities"], {"pictures": pictures})[0][0]


golden_check(about, MODEL.parent, probabilities)


def handler(event, context=None):
    """The answer to a request whose body is an encoded picture, in base64 as API Gateway and function URLs pass it on."""
    try:
        picture = pixels(io.BytesIO(base64.b64decode(event.get("body") or "", validate=True)), about["preprocessing"]["channels"])
    except (binascii.Error, OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return reply(400, {"error": "the body is not a picture that can be decoded, in base64"})
    found = probabilities(picture)
    index = int(found.argmax())
    return reply(200, {"label": about["classes"][index], "index": index, "confidence": float(found[index])})


def reply(status, answer):
    """A response in the form of Lambda."""
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(answer)}
