// The camera check: a mirror picture, and what the analysis itself sees in it.

import { Refused, request } from './api.js';
import { el, show } from './pages.js';
import { pause } from './present.js';

const LINES = {
  face: 'Face found', size: 'Distance', pose: 'Facing the camera', light: 'Light', sharp: 'Sharpness', fps: 'Frame rate',
};

export function preview(stream, cls) {
  const video = el('video', { cls, muted: true, playsinline: true });
  video.muted = true;
  video.srcObject = stream;
  video.play().catch(() => {});
  return video;
}

function countFrames(video) {
  const counter = { first: null, last: 0, n: 0, on: true };
  const look = (now, meta) => {
    counter.first ??= { now, presented: meta.presentedFrames };
    counter.last = now;
    counter.n = meta.presentedFrames - counter.first.presented;
    if (counter.on) video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  counter.fps = () => (counter.n > 15 ? (1000 * counter.n) / (counter.last - counter.first.now) : null);
  return counter;
}

function judge(seen, fps, wanted) {
  const rate = fps === null ? null : { ok: fps >= 0.93 * wanted, text: `${fps.toFixed(1)} of ${wanted} pictures a second` };
  if (!seen) return { fps: rate };
  if (!seen.face) return { face: { ok: false, text: 'no face in the picture' }, light: seen.light, sharp: seen.sharp, fps: rate };
  return { face: { ok: true, text: 'yes' }, size: seen.size, pose: seen.pose, light: seen.light, sharp: seen.sharp, fps: rate };
}

async function look(video, canvas, seen) {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  context.drawImage(video, 0, 0);
  const jpeg = await new Promise((done) => { canvas.toBlob(done, 'image/jpeg', 0.9); });
  seen.latest = await request('/check', { body: jpeg, type: 'image/jpeg' });
  seen.count += 1;
}

// Resolves to what was seen when the participant (or the experimenter) went on.
export async function cameraCheck(stream, camera) {
  const video = preview(stream, 'mirror');
  const rows = Object.fromEntries(Object.entries(LINES).map(([key, name]) => [
    key, el('li', { cls: 'unknown' }, el('b', { text: name }), el('span', { text: '…' })),
  ]));
  const go = el('button', { text: 'Continue', type: 'button', disabled: true, autofocus: true });
  const note = el('p', { cls: 'quiet', role: 'status', text: 'Looking …' });
  show(
    el('h1', { text: 'Camera check' }),
    el('p', { text: 'Sit comfortably, about an arm’s length from the screen, with light on your face from the front.' }),
    el('div', { cls: 'check' }, video, el('ul', { cls: 'findings' }, ...Object.values(rows))),
    note, go,
  );
  const pressed = new Promise((done) => { go.addEventListener('click', done, { once: true }); });
  let on = true;
  pressed.then(() => { on = false; });
  const counter = countFrames(video);
  const canvas = document.createElement('canvas');
  const seen = { latest: null, count: 0, problem: null };
  const begun = performance.now();
  let verdict = {};
  let good = 0;
  let ready = false;
  while (on) {
    if (video.videoWidth) {
      try {
        await look(video, canvas, seen);
      } catch (problem) {
        seen.problem = problem.message;
        if (problem instanceof Refused && problem.status === 410) throw problem;
      }
    }
    verdict = judge(seen.latest, counter.fps(), camera.fps);
    for (const [key, row] of Object.entries(rows)) {
      const found = verdict[key];
      row.className = found ? (found.ok ? 'good' : 'bad') : 'unknown';
      row.lastChild.textContent = found ? found.text : '…';
    }
    const fine = Object.keys(LINES).every((key) => verdict[key]?.ok);
    good = fine ? good + 1 : 0;
    // once one may go on one always may: a key pressed in a bad moment is not lost
    ready ||= good >= 2 || performance.now() - begun > 10000;
    go.disabled = !ready;
    go.textContent = good >= 2 || !ready ? 'Continue' : 'Continue anyway';
    note.textContent = good >= 2 ? 'All good.'
      : seen.problem ? `The picture could not be looked at (${seen.problem}).` : 'Not yet: see the list.';
    if (!go.disabled && document.activeElement === document.body) go.focus();
    await pause(300);
  }
  counter.on = false;
  video.srcObject = null;
  const lines = Object.fromEntries(Object.entries(verdict).filter(([, v]) => v));
  return { passed: good >= 2, pictures: seen.count, findings: lines };
}
