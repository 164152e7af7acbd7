// Classify with an exported file, in a browser or in Node: `ort` is onnxruntime-web or onnxruntime-node.

const TOLERANCE = 1e-4; // of a probability

/** The classifier in `model`, a Uint8Array with the file's bytes: its description `about`, and `classify({data, width, height})`. */
export async function open(ort, model) {
  const about = description(model);
  const session = await ort.InferenceSession.create(model);
  const { channels } = about.preprocessing;
  const classify = async ({ data, width, height }) => {
    const values = withChannels(data, width * height, channels);
    const found = await session.run({ pictures: new ort.Tensor("uint8", values, [1, height, width, channels]) });
    return answer(about, found.probabilities.data, found.novelty?.data[0]);
  };
  return { about, classify };
}

/** Largest difference from the stored probabilities of the golden pictures; `read(file)` decodes one. Throws where it is too large. */
export async function goldenCheck({ about, classify }, read) {
  let largest = 0;
  for (const { file, probabilities } of about.golden) {
    const found = (await classify(await read(file))).probabilities;
    probabilities.forEach((p, k) => (largest = Math.max(largest, Math.abs(p - found[k]))));
  }
  if (!(largest <= TOLERANCE)) throw new Error(`golden pictures: a probability differs by ${largest}, where ${TOLERANCE} is allowed`);
  return largest;
}

function answer(about, probabilities, novelty) {
  const index = probabilities.indexOf(Math.max(...probabilities));
  const limit = about.thresholds.novelty?.["0.05"]; // 5 % of the held-out pictures are above it
  const known = novelty === undefined || limit === undefined ? null : novelty <= limit;
  return { label: about.classes[index], index, confidence: probabilities[index], probabilities, known };
}

/** RGB or RGBA values as RGB, or as grey with the weights of ITU-R 601 in 16 bits, as Pillow computes it. */
function withChannels(data, pixels, channels) {
  const step = data.length / pixels;
  const values = new Uint8Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    const [r, g, b] = [data[i * step], data[i * step + 1], data[i * step + 2]];
    if (channels === 1) values[i] = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
    else values.set([r, g, b], 3 * i);
  }
  return values;
}

/** The JSON document that an exported file has under the key `clearsight` in its metadata, field 14 of its protocol buffer. */
function description(model) {
  const text = new TextDecoder();
  for (const [field, property] of fields(model)) {
    if (field !== 14) continue;
    const [key, value] = [...fields(property)].map(([, bytes]) => text.decode(bytes));
    if (key === "clearsight") return JSON.parse(value);
  }
  throw new Error("this file was not exported by Clearsight");
}

function* fields(bytes) {
  let at = 0;
  const varint = () => {
    for (let value = 0, unit = 1; ; unit *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * unit;
      if (!(byte & 128)) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const size = varint(); // or the value itself, of a field that is a number
    if (tag % 8 !== 2) continue;
    yield [tag >> 3, bytes.subarray(at, at + size)];
    at += size;
  }
}
