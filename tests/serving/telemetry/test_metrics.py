"""What /metrics says after some answers, next to what is known of validation."""

import re

from ..conftest import CLASSIFY, on, picture, png


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
    assert values['clearsight_validation_label_share{label="cat",model="pets"}'] == 14 / 40
    assert values['clearsight_validation_accuracy{model="pets"}'] == 0.9
    assert values[f'clearsight_model_info{{digest="{classifier.weights_digest}",model="pets",precision="float32"}}'] == 1
    assert values['clearsight_pictures_in_flight{model="pets"}'] == values["clearsight_body_bytes"] == values["clearsight_draining"] == 0
