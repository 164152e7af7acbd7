"""Samples by mistakenness in FiftyOne: the steps of the person who writes it."""

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np

import clearsight as cs

data = fo.Dataset.from_dir("planted", dataset_type=fo.types.ImageClassificationDirectoryTree)
model = cs.load("runs/b")
for one in data.iter_samples(autosave=True):
    found = model.classify(one.filepath)
    scores = np.log([each.confidence for each in sorted(found.top, key=lambda each: each.index)])
    one["guess"] = fo.Classification(label=found.label, confidence=found.confidence, logits=scores)
fob.compute_mistakenness(data, "guess", label_field="ground_truth")
fo.launch_app(data.sort_by("mistakenness", reverse=True)).wait()
