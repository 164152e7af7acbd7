// The page: the model and its golden pictures are next to it, as is ONNX Runtime. Nothing is asked of another server.
import * as ort from "./ort.wasm.bundle.min.mjs";
import { goldenCheck, open } from "./clearsight.mjs";

const SHOWN = 5; // classes
const part = (id) => document.getElementById(id);
ort.env.wasm.numThreads = 1; // more need the headers of a cross-origin isolated page

const fetched = async (name) => {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response.blob();
};

/** RGBA values of a picture, upright, colours as sRGB, transparency on white. */
export async function decode(blob) {
  const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
  const { width, height } = bitmap;
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "white";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { data: pen.getImageData(0, 0, width, height).data, width, height };
}

async function load() {
  const model = await (await fetched("model.onnx")).arrayBuffer();
  const classifier = await open(ort, new Uint8Array(model));
  const largest = await goldenCheck(classifier, async (file) => decode(await fetched(file)));
  part("status").textContent = `Ready. Golden pictures: probabilities within ${largest.toExponential(0)}.`;
  return classifier;
}

function show(classes, { label, confidence, probabilities, known }) {
  const unlike = known === false ? " It is unlike the training pictures." : "";
  part("status").textContent = `${label}, ${(100 * confidence).toFixed(1)} %.${unlike}`;
  const best = [...classes.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, SHOWN);
  part("answers").replaceChildren(...best.map((k) => row(classes[k], probabilities[k])));
}

function row(name, probability) {
  const line = document.createElement("tr");
  const meter = Object.assign(document.createElement("meter"), { value: probability, ariaLabel: name });
  line.insertCell().textContent = name;
  line.insertCell().append(meter);
  line.insertCell().textContent = `${(100 * probability).toFixed(1)} %`;
  return line;
}

async function take(file) {
  if (!file) return;
  try {
    const { about, classify } = await loaded;
    const answer = await classify(await decode(file));
    URL.revokeObjectURL(part("shown").src);
    Object.assign(part("shown"), { src: URL.createObjectURL(file), alt: file.name, hidden: false });
    show(about.classes, answer);
  } catch (error) {
    part("status").textContent = `${file.name} cannot be classified: ${error.message}`;
  }
}

export const loaded = load();
loaded.then(
  () => (part("choose").disabled = false),
  (error) => (part("status").textContent = `The model cannot be used: ${error.message}`),
);
part("choose").addEventListener("change", (event) => take(event.target.files[0]));
part("drop").addEventListener("dragover", (event) => {
  event.preventDefault();
  part("drop").classList.add("over");
});
part("drop").addEventListener("dragleave", () => part("drop").classList.remove("over"));
part("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  part("drop").classList.remove("over");
  take(event.dataTransfer.files[0]);
});
