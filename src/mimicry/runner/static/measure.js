// Timing of this computer: camera frames for an audit, and flashes that the camera sees.

import { clockSample, get, request } from './api.js';
import { el, message, page, show } from './pages.js';
import { hold, imageOnset, measureRefresh, nextFrame, pause, playVideo, preload, prepareVideo, showImage } from './present.js';
import { Recorder, describeCamera, missingFeatures, openCamera } from './recorder.js';
import { preview } from './setup.js';

const state = { name: 'created' };
window.mimicry = state;

async function flash(asset, stage, period) {
  if (!asset.video) {
    const shown = await imageOnset(await showImage(asset, stage, { seconds: 0.3, period }));
    return { kind: 'image', onset_ms: shown.onset_ms, source: shown.onset_source, spread_ms: null };
  }
  const video = await prepareVideo(asset, stage);
  const shown = await playVideo(video, { period });
  video.remove();
  return {
    kind: 'video', onset_ms: shown.onset_ms + 1000 * asset.light_s, source: shown.onset_source,
    spread_ms: shown.onset_spread_ms,
  };
}

async function flashes(plan, assets, period) {
  const stage = el('div', { cls: 'stage flash' });
  document.getElementById('root').replaceChildren(stage);
  document.body.classList.add('dark-cursor');
  const seen = [];
  for (const [k, wait] of plan.waits_s.entries()) {
    await hold(wait, await nextFrame(), period);
    seen.push(await flash(assets[k % assets.length], stage, period));
  }
  await pause(500);
  stage.remove();
  document.body.classList.remove('dark-cursor');
  return seen;
}

async function main() {
  const missing = missingFeatures();
  if (missing.length) throw new Error(`this browser lacks: ${missing.join('; ')}`);
  const plan = await get('/plan');
  const assets = (await preload(plan.stimuli)).map((a, i) => ({ ...a, light_s: plan.stimuli[i].light_s }));
  if (plan.flashes) {
    await page({
      title: 'Timing of screen and camera',
      text: [
        'Point the camera at this screen, or hold a mirror before it, and dim the room.',
        `The screen will then flash about once a second, ${plan.waits_s.length} times. Do not run `
          + 'this with anyone in the room who is sensitive to flashing light.',
      ],
      button: 'Start',
    });
  }
  state.name = 'running';
  message('One moment …');
  const stream = await openCamera(plan.camera);
  const [track] = stream.getVideoTracks();
  const recorder = new Recorder();
  const rows = [];
  recorder.onFail = ({ reason }) => { state.problem = reason; };
  await nextFrame();
  const refresh = await measureRefresh();
  const before = await clockSample();
  const small = preview(stream, 'speck');
  document.body.append(small);
  recorder.attach(stream, plan.camera, { measure: true });
  const clock = await recorder.handshake(small);
  small.srcObject = null;
  small.remove();
  recorder.onFrame = (f) => rows.push([f.timestamp, f.light, f.arrival]);
  let seen = [];
  if (plan.flashes) seen = await flashes(plan, assets, refresh.period_ms);
  else {
    show(el('h1', { text: 'Looking at the camera’s timing …' }));
    await pause(1000 * plan.seconds);
  }
  await recorder.drain();
  const after = await clockSample();
  for (const t of stream.getTracks()) t.stop();
  await request('/result', { body: JSON.stringify({
    setup: { camera: describeCamera(track), screen: [screen.width, screen.height], ua: navigator.userAgent,
      refresh_hz: refresh.hz, dpr: devicePixelRatio },
    refresh, clock, server: [before, after], frames: rows, flashes: seen, problem: state.problem ?? null,
  }) });
  state.name = 'finished';
  message('Done', ['This window may be closed.']);
}

main().catch(async (problem) => {
  state.name = 'failed';
  message('This did not work', [problem.message], { alert: true });
  await request('/result', { body: JSON.stringify({ problem: problem.message }) }).catch(() => {});
});
