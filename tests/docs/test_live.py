"""The site's live figures: every frame of live.md has its page, and every page a frame."""

import importlib.util
import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_every_frame_has_its_page(tmp_path):
    spec = importlib.util.spec_from_file_location("live_figures", DOCS / "live_figures.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    hook.on_post_build({"site_dir": str(tmp_path)})
    frames = re.findall(r'<iframe src="([^"]+)" title="[^"]+"', (DOCS / "live.md").read_text(encoding="utf-8"))
    assert sorted(frames) == sorted(file.name for file in (tmp_path / "live").iterdir())
    assert "docs/live_figures.py" in (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    assert all(b"Content-Security-Policy" in file.read_bytes() for file in (tmp_path / "live").iterdir())
