"""`clearsight studio`: its words reach the server."""

from click.testing import CliRunner

from clearsight.cli import clearsight
from clearsight.studio import server


def test_options_reach_the_server(monkeypatch):
    asked = {}
    monkeypatch.setattr(server, "studio", lambda models, **options: asked.update(models=models, **options))
    assert CliRunner().invoke(clearsight, ["studio", "runs/a", "resnet18", "--port", "4000", "--no-browser"]).exit_code == 0
    assert asked == {"models": ("runs/a", "resnet18"), "port": 4000, "browser": False, "read_only": False}
