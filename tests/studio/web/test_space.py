"""The routes of the feature space: what they ask, and the commands that say the same."""

import json

from clearsight.studio.library import data, trained_on
from tests.studio.web.test_app import studio as studio


def test_questions_name_their_commands(studio):
    one = data("far/my scans")
    studio.library.data = {one.id: one}
    kept = studio("POST", "/api/pictures", content=b"GIF", headers={"X-Name": "a.png"})[1]["picture"]
    status, found = studio("GET", f"/api/neighbours/{studio.network}/{kept}/{one.id}?part=test", headers={"X-Page": "p"})
    assert (status, found["asked"], found["kind"], found["data"], found["part"]) == (200, "neighbours", "neighbours p", one.words, "test")
    assert found["command"] == "clearsight look neighbours 'runs/pets & cats' a.png 'far/my scans' --part test --json"
    assert found["most"] == 2000 and found["novelty_command"] == "clearsight classify 'runs/pets & cats' a.png --json"
    status, found = studio("GET", f"/api/data/{one.id}/space/{studio.network}?v=7")
    assert (status, found["asked"], found["version"], found["part"]) == (200, "space", "7", "")
    assert found["command"] == "clearsight look embedding 'runs/pets & cats' 'far/my scans' --pictures 2000 --json"
    assert studio("GET", f"/api/neighbours/{studio.network}/{kept}/d_0")[0] == 404
    assert studio("GET", f"/api/data/d_0/space/{studio.network}?v=7")[0] == 404


def test_the_data_that_a_run_was_trained_on_are_known_without_being_in_the_studio(studio, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = studio.library.networks[studio.network]
    assert trained_on(network) is None and studio("GET", f"/api/networks/{studio.network}")[1]["data"] is None
    (tmp_path / network.words).mkdir(parents=True)
    (tmp_path / network.words / "run.json").write_text(json.dumps({"data": "photos/pets"}))
    own = studio("GET", f"/api/networks/{studio.network}")[1]["data"]
    assert own == {"id": data("photos/pets").id, "name": "pets"}
    kept = studio("POST", "/api/pictures", content=b"GIF", headers={"X-Name": "a.png"})[1]["picture"]
    assert studio("GET", f"/api/neighbours/{studio.network}/{kept}/{own['id']}")[1]["data"] == "photos/pets"
