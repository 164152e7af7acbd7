// @ts-check
/** The camera: its picture in the page, and single pictures of it. */

const SIDE = 224; // px of a picture that is taken
/** @type {Record<string, string>} what went wrong, by the browser's name for it */
const REASONS = {
  NotAllowedError: "The browser did not allow the camera. Allow it next to the address of this page, and try again.",
  NotFoundError: "There is no camera on this machine.",
  NotReadableError: "The camera cannot be read: another program may be using it.",
};

/** Show the camera in `video`; throws an error with one clear line. @param {HTMLVideoElement} video */
export async function look(video) {
  if (!navigator.mediaDevices) throw new Error("This browser gives pages no camera at this address.");
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } }, audio: false });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    throw new Error(REASONS[name] ?? `The camera cannot be used: ${error instanceof Error ? error.message : error}`);
  }
  await video.play();
}

/** Let the camera go. @param {HTMLVideoElement} video */
export function close(video) {
  const stream = /** @type {MediaStream | null} */ (video.srcObject);
  stream?.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
}

/** The square in the middle of what the camera sees now, as PNG. @param {HTMLVideoElement} video @returns {Promise<Blob>} */
export function taken(video) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SIDE, SIDE];
  const { videoWidth: width, videoHeight: height } = video;
  const side = Math.min(width, height);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.drawImage(video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("The camera shows nothing yet."))), "image/png"));
}
