// Showing things at known times. Durations are whole screen frames; what counts as onset is what
// the browser reports about shown frames, never when a script asked for them.

export const nextFrame = () => new Promise((done) => { requestAnimationFrame(done); });
export const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  return n % 2 ? sorted[n >> 1] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

// Screen refresh from two seconds of animation frames.
export async function measureRefresh(ms = 2000) {
  const stamps = [];
  let t = await nextFrame();
  const end = t + ms;
  while (t < end) { t = await nextFrame(); stamps.push(t); }
  const steps = stamps.slice(1).map((v, i) => v - stamps[i]).filter((d) => d > 0);
  const period = median(steps);
  const late = steps.filter((d) => d > 1.5 * period).length;
  return { period_ms: period, hz: 1000 / period, frames: steps.length, late };
}

// Wait whole frames so that `seconds` have passed since `start` (a frame's time stamp).
export async function hold(seconds, start, period) {
  const target = start + 1000 * seconds - period / 2;
  let t = start;
  while (t < target) t = await nextFrame();
  return t;
}

const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('');

// Fetch every stimulus, check its digest, decode its beginning: nothing is fetched after this.
export async function preload(stimuli, onProgress = () => {}) {
  const assets = [];
  for (const [i, stimulus] of stimuli.entries()) {
    const answer = await fetch(stimulus.url, { cache: 'no-store' });
    if (!answer.ok) throw new Error(`stimulus ${stimulus.id} could not be loaded`);
    const bytes = await answer.arrayBuffer();
    if (hex(await crypto.subtle.digest('SHA-256', bytes)) !== stimulus.sha256) {
      throw new Error(`stimulus ${stimulus.id} is not the file that the session was planned with`);
    }
    const url = URL.createObjectURL(new Blob([bytes], { type: stimulus.mime }));
    const asset = { ...stimulus, url, video: stimulus.mime.startsWith('video/') };
    if (asset.video) Object.assign(asset, await probeVideo(asset));
    else await decodeImage(asset);
    assets.push(asset);
    onProgress(i + 1, stimuli.length);
  }
  return assets;
}

async function decodeImage(asset) {
  const image = new Image();
  image.src = asset.url;
  await image.decode();
  return image;
}

async function probeVideo(asset) {
  const video = await readyVideo(asset);
  const found = { duration: video.duration, width: video.videoWidth, height: video.videoHeight };
  video.removeAttribute('src');
  video.load();
  return found;
}

async function readyVideo(asset) {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.preload = 'auto';
  video.disablePictureInPicture = true;
  const ready = new Promise((done, fail) => {
    video.addEventListener('canplaythrough', done, { once: true });
    video.addEventListener('error', () => fail(new Error(`this browser cannot play ${asset.id}`)), { once: true });
  });
  video.src = asset.url;
  await ready;
  return video;
}

// A video ready and hidden on the stage. One frame of it may be painted now: that is no onset.
export async function prepareVideo(asset, stage) {
  const video = await readyVideo(asset);
  video.className = 'stimulus waiting';
  stage.append(video);
  return video;
}

// Reveal and play in one animation frame; resolves when it has ended (or after `seconds`).
export async function playVideo(video, { seconds = null, period }) {
  const frames = [];
  const look = (now, meta) => {
    frames.push({
      now, expected: meta.expectedDisplayTime, presented: meta.presentationTime,
      media: meta.mediaTime, count: meta.presentedFrames,
    });
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  const before = video.getVideoPlaybackQuality();
  const ended = new Promise((done) => { video.addEventListener('ended', done, { once: true }); });
  const reveal = await nextFrame();
  video.classList.remove('waiting');
  const called = performance.now();
  const playing = video.play();
  playing.catch(() => {});
  // a clip of the planned length plays to its last frame; a shorter one holds it, a longer is cut
  const whole = seconds === null || video.duration <= seconds + 0.05;
  await Promise.all([
    whole ? ended : null,
    seconds === null ? null : hold(seconds, reveal, period),
  ]);
  const end = await nextFrame();
  const after = video.getVideoPlaybackQuality();
  // let the last frame's report arrive before the element goes
  await pause(0);
  return {
    reveal, called, end,
    ...videoOnset(frames, reveal),
    dropped: after.droppedVideoFrames - before.droppedVideoFrames,
    total: after.totalVideoFrames - before.totalVideoFrames,
    frames: frames.map((f) => [f.now, f.expected, f.presented, f.media, f.count]),
  };
}

// Media zero on the page's clock: the median over shown frames of display time minus media time.
export function videoOnset(frames, reveal) {
  const zeros = frames.filter((f) => f.now >= reveal && f.media > 0).map((f) => f.expected - 1000 * f.media);
  if (!zeros.length) return { onset_ms: reveal, onset_source: 'raf', onset_spread_ms: null, shown: 0 };
  const onset = median(zeros);
  const spread = median(zeros.map((z) => Math.abs(z - onset))) * 1.4826;
  return { onset_ms: onset, onset_source: 'rvfc', onset_spread_ms: spread, shown: zeros.length };
}

let imageNumber = 0;
const imageTimes = new Map();
if (globalThis.PerformanceObserver?.supportedEntryTypes?.includes('element')) {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      imageTimes.set(entry.identifier, entry.presentationTime || entry.renderTime || 0);
    }
  }).observe({ type: 'element', buffered: true });
}

// Show an image for `seconds`; its onset is the Element Timing of its first paint.
export async function showImage(asset, stage, { seconds, period }) {
  const image = await decodeImage(asset);
  const name = `stimulus-${imageNumber}`;
  imageNumber += 1;
  image.setAttribute('elementtiming', name);
  image.className = 'stimulus';
  const reveal = await nextFrame();
  stage.append(image);
  const end = await hold(seconds, reveal, period);
  image.remove();
  return { reveal, end, name, dropped: 0, total: 1, shown: 1, frames: [], onset_spread_ms: null };
}

// The paint time of an image is reported late: asked for after the trial, never awaited in it.
export async function imageOnset(shown) {
  for (let i = 0; i < 20 && !imageTimes.get(shown.name); i += 1) await pause(25);
  const painted = imageTimes.get(shown.name);
  const { name, ...rest } = shown;
  return {
    ...rest, onset_ms: painted || shown.reveal, onset_source: painted ? 'element_timing' : 'raf',
  };
}
