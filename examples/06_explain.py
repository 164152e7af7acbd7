"""Explain one answer: which pixels raise the class, and whether the map can be trusted."""

import clearsight as cs

run = cs.train("digits", model="lenet5", epochs=2)
picture = cs.open_dataset("digits")["test"].source(0)

answer = run.classifier.classify(picture)
print(f"{answer.label} {answer.confidence:.1%}, calibrated")  # the maps below explain the network's own probability, before the temperature

for method in ("grad-cam", "integrated", "occlusion"):
    found = cs.explain(run, picture, method)
    print(found.table())  # a line for each check; `found.heat` is the map (H, W)
