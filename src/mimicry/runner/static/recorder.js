// The page's side of the recorder: opens the camera, hands its frames to the worker, and finds
// the constant between the frames' time stamps and this page's clock.

const HELP = {
  NotAllowedError: 'The camera is blocked. Allow it for this page (symbol in the address bar), and in the '
    + 'system settings: Windows: Settings > Privacy & security > Camera; macOS: System Settings > '
    + 'Privacy & Security > Camera.',
  NotFoundError: 'No camera was found. Plug one in, then try again.',
  NotReadableError: 'The camera is used by another program. Close Teams, Zoom, Skype or the like, then try again.',
  OverconstrainedError: 'This camera cannot give the picture size that the protocol asks for.',
};

export function missingFeatures() {
  const wanted = {
    'camera frames with capture times (MediaStreamTrackProcessor)': 'MediaStreamTrackProcessor' in window,
    'video encoding (WebCodecs)': 'VideoEncoder' in window && 'VideoFrame' in window,
    'times of shown video frames (requestVideoFrameCallback)':
      'requestVideoFrameCallback' in HTMLVideoElement.prototype,
    'an isolated page with a fine clock': window.crossOriginIsolated,
  };
  return Object.keys(wanted).filter((name) => !wanted[name]);
}

export async function openCamera({ width, height, fps }) {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { width: { exact: width }, height: { exact: height }, frameRate: { ideal: fps } },
    });
    const [track] = stream.getVideoTracks();
    await fixExposure(track);
    return stream;
  } catch (problem) {
    const help = new Error(HELP[problem.name] || `The camera could not be opened (${problem.message}).`);
    help.cause_name = problem.name;
    throw help;
  }
}

// Auto-exposure in a dim room halves the frame rate; hold the exposure where the camera allows it.
async function fixExposure(track) {
  const able = track.getCapabilities?.() ?? {};
  if (able.exposureMode?.includes('manual')) {
    await track.applyConstraints({ advanced: [{ exposureMode: 'manual' }] }).catch(() => {});
  }
}

export function describeCamera(track) {
  return { label: track.label, settings: track.getSettings(), capabilities: track.getCapabilities?.() ?? {} };
}

export class Recorder {
  constructor() {
    this.worker = new Worker('/static/recorder-worker.js', { type: 'module' });
    this.onCommand = () => {};
    this.onFail = () => {};
    this.onFrame = null;
    this.frames = 0;
    this.queued = 0;
    this.worker.onmessage = ({ data }) => this.receive(data);
    this.worker.postMessage({ type: 'origin', origin: performance.timeOrigin });
    this.drained = new Promise((done) => { this.resolveDrained = done; });
  }

  receive(data) {
    if (data.type === 'frame') {
      this.frames = data.n + 1;
      this.queued = data.queued;
      if (this.onFrame) this.onFrame(data);
    } else if (data.type === 'command') this.onCommand(data.command);
    else if (data.type === 'failed') this.onFail(data);
    else if (data.type === 'drained') this.resolveDrained(data.failure);
  }

  open({ lease, segment }) {
    this.worker.postMessage({ type: 'open', lease, segment, origin: performance.timeOrigin });
  }

  event(type, fields = {}, t = performance.now()) {
    this.worker.postMessage({ type: 'event', event: { t, type, ...fields } });
  }

  attach(stream, camera, { measure = false } = {}) {
    const [track] = stream.getVideoTracks();
    const { readable } = new MediaStreamTrackProcessor({ track, maxBufferSize: 30 });
    this.worker.postMessage({ type: 'camera', readable, camera, measure }, [readable]);
  }

  // Compare capture times of shown frames with the time stamps of the same frames.
  async handshake(preview, ms = 1500) {
    const shown = [];
    const seen = [];
    let on = true;
    const look = (_now, meta) => {
      if (meta.captureTime !== undefined) shown.push(meta.captureTime);
      if (on) preview.requestVideoFrameCallback(look);
    };
    preview.requestVideoFrameCallback(look);
    this.onFrame = (frame) => seen.push(frame);
    const end = performance.now() + ms;
    const limit = end + 8000;
    // a busy machine shows fewer pictures than it captures: both are waited for
    const few = () => Math.min(seen.length, shown.length) < 10;
    while (performance.now() < end || (few() && performance.now() < limit)) {
      await new Promise((done) => { setTimeout(done, 50); });
    }
    on = false;
    this.onFrame = null;
    return captureConstant(shown, seen);
  }

  async drain() {
    this.worker.postMessage({ type: 'drain' });
    const failure = await this.drained;
    this.worker.terminate();
    return failure;
  }
}

// page_ms = timestamp_us / 1000 + constant_ms. A frame arrives a few ms after its capture, so the
// constant lies within one frame interval below the smallest (arrival - time stamp); among the
// pairs in that range the true ones agree to a fraction of a millisecond.
export function captureConstant(shown, seen) {
  if (!seen.length) return { source: 'none', constant_ms: null, n: 0, spread_ms: null };
  const ceiling = Math.min(...seen.map((f) => f.arrival - f.timestamp / 1000));
  const near = [];
  for (const s of shown) {
    for (const f of seen) {
      const d = s - f.timestamp / 1000;
      if (d <= ceiling + 0.5 && d >= ceiling - 25) near.push(d);
    }
  }
  near.sort((a, b) => a - b);
  let best = [];
  for (let i = 0, j = 0; i < near.length; i += 1) {
    while (near[i] - near[j] > 0.2) j += 1;
    if (i - j + 1 > best.length) best = near.slice(j, i + 1);
  }
  const arrivals = seen.map((f) => f.arrival - f.timestamp / 1000 - ceiling).sort((a, b) => a - b);
  const more = { arrival_median_ms: arrivals[arrivals.length >> 1], seen: seen.length, shown: shown.length };
  if (best.length >= 5) {
    return {
      source: 'capture_time', constant_ms: best[best.length >> 1], n: best.length,
      spread_ms: best[best.length - 1] - best[0], lag_ms: ceiling - best[best.length >> 1], ...more,
    };
  }
  return { source: 'arrival', constant_ms: ceiling, n: seen.length, spread_ms: null, ...more };
}
