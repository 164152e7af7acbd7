"""What /metrics says after some answers, next to what is known of validation."""

import json
import re

from clearsight.classifier.config import CONFIG, config_digest
from clearsight.serving.engine.models import described

from ..conftest import CLASSIFY, on, picture, png

STORED = 'clearsight_validation_stored{model="pets"}'


def test_answers_are_counted_next_to_those_of_validation(artefacts):
    async def ask(here):
        for n in range(5):
            await here.client.post(CLASSIFY, content=png(picture(n)))
        await here.client.post(CLASSIFY, content=png(255 - picture(0)))
        await here.client.post(CLASSIFY, content=b"none")
        return (await here.client.get("/metrics")).text, here.first.loaded.classifier

    text, classifier = on(ask, artefacts / "pets")
    values = {name: float(value) for name, value in re.findall(r"^([^#\n]\S*) (\S+)$", text, re.MULTILINE)}
    route = 'route="/v1/models/{model}/classify"'
    assert values[f'clearsight_requests_total{{{route},status="200"}}'] == 6
    assert values[f'clearsight_requests_total{{{route},status="400"}}'] == 1
    assert values['clearsight_unreadable_pictures_total{model="pets"}'] == 1
    assert values['clearsight_confidence_count{model="pets"}'] == 6
    assert sum(value for name, value in values.items() if name.startswith("clearsight_labels_total")) == 6
    assert values['clearsight_novel_total{model="pets"}'] >= 1  # the inverted one
    known = classifier.facts["validation_answers"]
    assert values['clearsight_validation_label_share{label="cat",model="pets"}'] == known["labels"][0] / 40
    shares = [values[f'clearsight_validation_confidence_share{{le="{edge}",model="pets"}}'] for edge in known["edges"]]
    assert shares == [sum(known["confidences"][: i + 1]) / 40 for i in range(12)] and shares[-1] == values[STORED] == 1
    assert {f'clearsight_confidence_bucket{{le="{edge}",model="pets"}}' for edge in known["edges"]} <= values.keys()
    assert values['clearsight_validation_accuracy{model="pets"}'] == 0.9
    assert values[f'clearsight_model_info{{digest="{classifier.weights_digest}",model="pets",precision="float32"}}'] == 1
    assert values['clearsight_pictures_in_flight{model="pets"}'] == values["clearsight_body_bytes"] == values["clearsight_draining"] == 0


def test_a_model_of_an_older_version_says_that_nothing_is_stored(pets):
    config = json.loads((pets / CONFIG).read_text())
    del config["facts"]["validation_answers"], config["sha256"]
    (pets / CONFIG).write_text(json.dumps(config | {"sha256": config_digest(config)}))

    async def ask(here):
        return (await here.client.get("/metrics")).text, described(here.first.loaded)

    text, line = on(ask, pets)
    assert f"{STORED} 0.0" in text and "validation_label_share{" not in text and "no validation answers are stored" in line
