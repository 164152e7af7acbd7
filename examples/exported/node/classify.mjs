// node classify.mjs export/model.onnx cat.jpg dog.png
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import { goldenCheck, open } from "../clearsight.mjs";

const [model, ...pictures] = process.argv.slice(2);
const read = async (file) => {
  const upright = sharp(file).rotate().flatten({ background: "white" }).toColourspace("srgb"); // rotate: as the EXIF data tell
  const { data, info } = await upright.raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
};
const classifier = await open(ort, new Uint8Array(await readFile(model)));
const largest = await goldenCheck(classifier, (file) => read(join(dirname(model), file)));
console.error(`golden pictures: probabilities within ${largest.toExponential(0)}`);
for (const file of pictures) {
  const { label, confidence } = await classifier.classify(await read(file));
  console.log(`${file}: ${label} (${(100 * confidence).toFixed(1)} %)`);
}
