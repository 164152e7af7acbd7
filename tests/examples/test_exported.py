"""The programs in examples/exported run, and answer as the classifier of which they have the exported file."""

import base64
import functools
import http.server
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from clearsight.classifier import Classifier
from clearsight.exports.write import export
from tests.browser import launched
from tests.exports.made import spread

EXPORTED = Path(__file__).parents[2] / "examples" / "exported"
PHOTOS = sorted((Path(__file__).parents[2] / "src" / "clearsight" / "datasets" / "photos").rglob("*.webp"))[:100]
PACKAGES = EXPORTED / "node_modules"
RUNTIME = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
# the fields of the schemas: ModelConfig of Triton's model_config.proto, InferenceService of serving.kserve.io/v1beta1
TRITON = {"name", "platform", "max_batch_size", "dynamic_batching", "max_queue_delay_microseconds", "instance_group", "kind", "count"}
KSERVE = (
    (0, "apiVersion"), (0, "kind"), (0, "metadata"), (1, "name"), (0, "spec"), (1, "predictor"), (2, "minReplicas"), (2, "model"),
    (3, "modelFormat"), (4, "name"), (3, "runtime"), (3, "protocolVersion"), (3, "storageUri"), (3, "resources"), (4, "requests"),
    (4, "limits"),
)  # fmt: skip

needs_packages = pytest.mark.skipif(
    not PACKAGES.is_dir() or not shutil.which("node"), reason="npm has installed no packages in examples/exported"
)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return spread("lenet5", 32)


@pytest.fixture(scope="module")
def model(classifier, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("export") / "model.onnx"
    export(classifier, file, quiet=True)
    return file


def run(monkeypatch, program: str, *words) -> dict[str, object]:
    """What the Python program defines, run in this process."""
    monkeypatch.setattr(sys, "argv", [program, *map(str, words)])
    monkeypatch.syspath_prepend(str(EXPORTED / "python"))
    return runpy.run_path(str(EXPORTED / "python" / program))


@pytest.mark.parametrize("program", ["classify.py", "classify_openvino.py"])
def test_python_answers_as_the_classifier(program, classifier, model, monkeypatch, capsys):
    if program == "classify_openvino.py":
        pytest.importorskip("openvino")
    run(monkeypatch, program, model, *PHOTOS[:5])
    told = capsys.readouterr()
    assert "golden pictures: probabilities within " in told.err
    answers = classifier.classify_many(PHOTOS[:5])
    assert told.out.splitlines() == [f"{answer.source}: {answer.label} ({answer.confidence:.1%})" for answer in answers]


def test_function_answers_and_refuses(classifier, model, monkeypatch):
    monkeypatch.setenv("MODEL", str(model))
    handler = run(monkeypatch, "function.py")["handler"]
    photo = PHOTOS[0].read_bytes()
    answer, expected = handler({"body": base64.b64encode(photo).decode(), "isBase64Encoded": True}), classifier.classify(photo)
    assert answer["statusCode"] == 200
    close = pytest.approx(expected.confidence, abs=1e-5)
    assert json.loads(answer["body"]) == {"label": expected.label, "index": expected.index, "confidence": close}
    for body in (None, "", "!", "cat", base64.b64encode(photo[:900]).decode(), base64.b64encode(b"<svg/>").decode()):
        assert handler({"body": body})["statusCode"] == 400


def changed(model: Path, folder: Path, change) -> Path:
    """A copy of the exported file in which `change` has changed the description."""
    import onnx

    copy = onnx.load(model)
    document = json.loads(next(text.value for text in copy.metadata_props if text.key == "clearsight"))
    change(document)
    onnx.helper.set_model_props(copy, {"clearsight": json.dumps(document)})
    onnx.save(copy, folder / "model.onnx")
    shutil.copytree(model.parent / "golden", folder / "golden")
    return folder / "model.onnx"


def test_a_model_that_answers_otherwise_is_refused(model, monkeypatch, tmp_path):
    other = changed(model, tmp_path, lambda document: document["golden"][3]["probabilities"].reverse())
    with pytest.raises(ValueError, match="golden pictures: a probability differs by 0"):
        run(monkeypatch, "classify.py", other)


class Protocol(http.server.BaseHTTPRequestHandler):
    """The part of the Open Inference Protocol v2 that the check uses, computed by ONNX Runtime."""

    def log_message(self, *_):
        pass

    def do_POST(self):
        import onnxruntime

        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["inputs"][0]
        session = onnxruntime.InferenceSession(self.server.model)
        found = session.run(["probabilities"], {asked["name"]: np.array(asked["data"], np.uint8).reshape(asked["shape"])})[0]
        output = {"name": "probabilities", "datatype": "FP32", "shape": found.shape, "data": found.ravel().tolist()}
        body = json.dumps({"outputs": [output]}).encode()
        self.send_response(200 if self.path == "/v2/models/pets/infer" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(handler, model: Path | None = None):
    """The address of a server in a thread."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.model = model
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_check_of_a_server(model, monkeypatch, capsys):
    with serving(Protocol, model) as address:
        run(monkeypatch, "check_server.py", f"{address}/v2/models/pets", model)
    assert "golden pictures: probabilities within " in capsys.readouterr().out


def test_configurations_have_the_fields_of_their_schemas():
    config = re.sub("#.*", "", (EXPORTED / "triton" / "config.pbtxt").read_text(encoding="utf-8"))
    assert set(re.findall(r"(\w+)\s*[:{\[]", config)) == TRITON
    service = (EXPORTED / "kserve" / "service.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^([ ]*)(\w+):", service, re.MULTILINE) == [("  " * depth, name) for depth, name in KSERVE]


@needs_packages
def test_node_answers_as_the_classifier(classifier, model, tmp_path):
    plain = changed(model, tmp_path, lambda document: document.update(thresholds={}))  # as of a classifier without held-out pictures
    words = ["node", str(EXPORTED / "node" / "classify.mjs"), str(plain), *map(str, PHOTOS[:5])]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("golden pictures: probabilities within "), done.stderr
    answers = [classifier.classify(photo) for photo in PHOTOS[:5]]
    assert [re.fullmatch(r".*: (\w+) \(.* %\)", line)[1] for line in done.stdout.splitlines()] == [answer.label for answer in answers]


@pytest.mark.slow
@pytest.mark.skipif("ONNXRUNTIME" not in os.environ, reason="ONNXRUNTIME names no unpacked archive of ONNX Runtime")
def test_cpp_answers_as_the_classifier(classifier, model, tmp_path):
    pictures = sorted((model.parent / "golden").glob("*.png"))
    configure = ["cmake", "-S", str(EXPORTED / "cpp"), "-B", str(tmp_path), f"-DONNXRUNTIME={os.environ['ONNXRUNTIME']}"]
    for words in (configure, ["cmake", "--build", str(tmp_path)]):
        subprocess.run(words, check=True, capture_output=True)
    done = subprocess.run([str(tmp_path / "classify"), str(model), *map(str, pictures)], capture_output=True, text=True, check=False)
    assert done.stderr.startswith("golden pictures: probabilities within "), done.stderr
    labels = [answer.label for answer in classifier.classify_many(pictures)]
    assert [re.fullmatch(r".*: (\w+) \(.* %\)", line)[1] for line in done.stdout.splitlines()] == labels


@needs_packages
def test_page_answers_as_the_classifier(classifier, model, tmp_path):
    runtime = [PACKAGES / "onnxruntime-web" / "dist" / name for name in RUNTIME]
    for file in (EXPORTED / "clearsight.mjs", *(EXPORTED / "browser").iterdir(), *runtime):
        shutil.copy(file, tmp_path)
    shutil.copytree(model.parent, tmp_path, dirs_exist_ok=True)
    for number, photo in enumerate(PHOTOS):
        shutil.copy(photo, tmp_path / f"{number}.webp")
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with launched() as browser, serving(handler) as address:
        window, asked = browser.new_page(), []
        window.on("request", lambda request: asked.append(request.url))
        window.goto(f"{address}/index.html")
        window.locator("#status", has_text="Ready. Golden pictures: probabilities within").wait_for()
        window.set_input_files("#choose", PHOTOS[0])
        label = classifier.classify(PHOTOS[0]).label
        window.locator("#status", has_text=label).wait_for()
        found, known = window.evaluate(ALL, len(PHOTOS))
    assert all(url.startswith((address, "blob:", "data:")) for url in asked)
    predictions = list(classifier.classify_many(PHOTOS, top=5))
    answers = [{choice.label: choice.confidence for choice in answer.top} for answer in predictions]
    expected = np.array([[answer[name] for name in classifier.classes] for answer in answers])
    assert (np.argmax(found, 1) == expected.argmax(1)).all() and np.abs(found - expected).max() < 0.01
    limit = classifier.limits(false_alarms=0.05).novelty
    assert known == [answer.novelty <= limit for answer in predictions]


ALL = """async (count) => {
  const { decode, loaded } = await import("./page.mjs");
  const { classify } = await loaded;
  const answers = [];
  for (let k = 0; k < count; k++) {
    const picture = await decode(await (await fetch(`${k}.webp`)).blob());
    answers.push(await classify(picture));
  }
  return [answers.map(({ probabilities }) => [...probabilities]), answers.map(({ known }) => known)];
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass
