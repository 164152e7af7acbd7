"""Classifiers on the Hugging Face Hub: repositories with the files of an artefact, brought into our cache by the Hub's client."""

import importlib
import json
import re
from pathlib import Path

from ..base.errors import ClearsightError
from ..base.files import cache_folder
from ..base.remote.address import is_address
from .addresses import FILES, fetched
from .config import CONFIG, FORMAT

NAMED = re.compile(r"hf:(?P<repository>\w[\w.-]*/\w[\w.-]*)(?:@(?P<revision>\w[\w.-]*))?", re.ASCII)


def local(model: str | Path) -> str | Path:
    """The folder of the classifier `hf:OWNER/NAME`, `hf:OWNER/NAME@REVISION` or at an address; `model` itself if it is anything else.

    Of a repository with another kind of model only `config.json` is read. Raises ClearsightError if the classifier cannot be downloaded.
    """
    if isinstance(model, str) and is_address(model):
        return fetched(model)
    found = NAMED.fullmatch(model) if isinstance(model, str) else None
    if found is None:
        return model
    try:
        client = importlib.import_module("huggingface_hub")
    except ModuleNotFoundError:
        return model  # the loader of other models says what to install
    folder = cache_folder() / "hub" / found["repository"] / (found["revision"] or "main")  # not the Hub's own cache, which has links
    try:
        config = client.hf_hub_download(found["repository"], CONFIG, revision=found["revision"], local_dir=folder)
        document = json.loads(Path(config).read_text(encoding="utf-8"))
    except Exception:  # the client raises many kinds; the loader of other models reports the reason
        return model
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return model
    try:
        client.snapshot_download(found["repository"], revision=found["revision"], local_dir=folder, allow_patterns=FILES)
    except Exception as error:
        raise ClearsightError(f"the Hub cannot give {model}: {(str(error).splitlines() or [type(error).__name__])[0]:.300}") from error
    return folder
