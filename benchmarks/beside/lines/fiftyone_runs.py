"""Two runs evaluated in FiftyOne: the steps of the person who writes it."""

import fiftyone as fo

import clearsight as cs

data = fo.Dataset.from_dir("pictures", dataset_type=fo.types.ImageClassificationDirectoryTree)
for name in ("a", "b"):
    model = cs.load(f"runs/{name}")
    for one in data.iter_samples(autosave=True):
        found = model.classify(one.filepath)
        one[name] = fo.Classification(label=found.label, confidence=found.confidence)
    data.evaluate_classifications(name, eval_key=f"of_{name}")
fo.launch_app(data).wait()
