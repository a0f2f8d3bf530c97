// The participant's page: created -> claimed -> checking -> ready -> running -> draining -> finished.

import { Refused, clockSample, get, post } from './api.js';
import { agree, ask, choose, el, message, page, show } from './pages.js';
import { hold, imageOnset, measureRefresh, nextFrame, pause, playVideo, preload, prepareVideo, showImage } from './present.js';
import { Recorder, describeCamera, missingFeatures, openCamera } from './recorder.js';
import { cameraCheck, preview } from './setup.js';

const state = {
  name: 'created', command: 'run', plan: null, lease: null, assets: [], stream: null,
  recorder: null, period: 1000 / 60, flags: new Set(), failure: null, stopAsked: false, done: new Set(),
};
// what tests and the operator's console may look at
window.mimicry = state;

class Ended extends Error {}

// rejected when a step must not go on: a failure, or the operator's end
const halt = {};
halt.promise = new Promise((_, reject) => { halt.now = reject; });
halt.promise.catch(() => {});

const log = (type, fields, t) => state.recorder.event(type, fields, t);

function windowName() {
  let name = sessionStorage.getItem('mimicry-window');
  if (!name) {
    name = crypto.randomUUID();
    sessionStorage.setItem('mimicry-window', name);
  }
  return name;
}

async function claim() {
  for (;;) {
    try {
      return await post('/claim', { window: windowName() });
    } catch (problem) {
      if (!(problem instanceof Refused) || problem.status !== 409) throw problem;
      message('This session runs in another window', ['Close that window; this page goes on by itself.'], { alert: true });
      await pause(2000);
    }
  }
}

function fail(reason, status) {
  if (state.failure) return;
  state.failure = { reason, status };
  state.name = 'failed';
  halt.now(new Ended(reason));
  const full = status === 507;
  message(
    full ? 'The disk is full' : 'The recording has stopped',
    [
      full ? 'There is no room for more of the recording.' : reason,
      'Everything up to now is kept. Please call the experimenter.',
    ],
    { alert: true },
  );
}

function stopIfNeeded() {
  if (state.failure) throw new Ended(state.failure.reason);
  if (state.command === 'abort') throw new Ended('operator');
}

function watchWindow() {
  const flag = (name) => { state.flags.add(name); log(name, {}); };
  document.addEventListener('visibilitychange', () => { if (document.hidden) flag('hidden'); });
  window.addEventListener('blur', () => flag('blur'));
  window.addEventListener('resize', () => {
    state.flags.add('resized');
    log('resized', screenFacts());
  });
  window.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.repeat && state.name === 'running') state.stopAsked = true;
  });
  window.addEventListener('beforeunload', (event) => {
    if (state.name === 'running') event.preventDefault();
  });
}

function screenFacts() {
  return {
    screen: [screen.width, screen.height], inner: [innerWidth, innerHeight], dpr: devicePixelRatio,
    full: innerWidth === screen.width && innerHeight === screen.height, depth: screen.colorDepth,
  };
}

function gpuName() {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl');
  const info = gl?.getExtension('WEBGL_debug_renderer_info');
  return info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : null;
}

function openRecorder() {
  const recorder = new Recorder();
  recorder.onCommand = (command) => {
    state.command = command;
    if (command === 'abort') halt.now(new Ended('operator'));
  };
  recorder.onFail = ({ reason, status }) => {
    recorder.event('error', { reason, status });
    fail(status === 409 ? 'Another window has taken over this session.' : reason, status);
  };
  recorder.open(state.lease);
  state.recorder = recorder;
}

async function beginSegment() {
  log('segment_start', {
    segment: state.lease.segment, timeOrigin: performance.timeOrigin, ua: navigator.userAgent,
    isolated: crossOriginIsolated, gpu: gpuName(), ...screenFacts(), clock: await clockSample(),
  });
}

function watchTrack(track) {
  let mutedAt = null;
  track.addEventListener('ended', () => {
    state.flags.add('camera_ended');
    log('camera_ended', {});
    fail('The camera has stopped sending pictures (was it unplugged?).', 0);
  });
  track.addEventListener('mute', () => { mutedAt = performance.now(); });
  track.addEventListener('unmute', () => {
    const ms = performance.now() - mutedAt;
    if (mutedAt !== null && ms > 100) { state.flags.add('camera_mute'); log('camera_mute', { ms }); }
    mutedAt = null;
  });
}

async function startCamera() {
  const { camera } = state.plan;
  if (!camera.record) return;
  for (;;) {
    try {
      state.stream = await openCamera(camera);
      break;
    } catch (problem) {
      log('camera_error', { name: problem.cause_name ?? null, text: problem.message });
      await choose({ title: 'No camera picture', text: [problem.message], buttons: ['Try again'], alert: true });
    }
  }
  const [track] = state.stream.getVideoTracks();
  log('camera', describeCamera(track));
  watchTrack(track);
  const found = await cameraCheck(state.stream, camera);
  log('camera_check', found);
}

async function startRecording() {
  show(el('h1', { text: 'One moment …' }), el('p', { text: 'Please look at the screen.' }));
  await nextFrame();
  const refresh = await measureRefresh();
  state.period = refresh.period_ms;
  log('refresh', refresh);
  if (!state.plan.camera.record) return;
  const small = preview(state.stream, 'speck');
  document.body.append(small);
  state.recorder.attach(state.stream, state.plan.camera);
  const found = await state.recorder.handshake(small);
  small.srcObject = null;
  small.remove();
  log('capture_clock', found);
  if (found.constant_ms === null) fail('The camera sends no pictures.', 0);
}

// ---------------------------------------------------------------- trials

async function phase(stage, which, start, prepared) {
  const { kind, duration_s: seconds, stimulus } = which;
  for (const node of [...stage.children]) if (!node.classList.contains('waiting')) node.remove();
  if (stimulus === null) {
    stage.append(kind === 'fixation' ? el('div', { cls: 'fixation', text: '+' })
      : el('div', { cls: 'words', text: which.text || '' }));
    return { end: await hold(seconds, start, state.period) };
  }
  const asset = state.assets[stimulus];
  if (!asset.video) return showImage(asset, stage, { seconds, period: state.period });
  const video = prepared.get(which);
  const shown = await playVideo(video, { seconds, period: state.period });
  video.remove();
  return shown;
}

async function trial(step) {
  const stage = el('div', { cls: 'stage' });
  const prepared = new Map();
  state.flags.clear();
  for (const which of step.phases) {
    if (which.stimulus !== null && state.assets[which.stimulus].video) {
      prepared.set(which, await prepareVideo(state.assets[which.stimulus], stage));
    }
  }
  stopIfNeeded(); // else the stage would cover what the page says about a failure
  document.getElementById('root').replaceChildren(stage);
  document.body.classList.add('dark-cursor');
  log('step_start', { step: step.step_id, trial: step.trial_id });
  const shown = [];
  let start = await nextFrame();
  for (const which of step.phases) {
    stopIfNeeded();
    const seen = await phase(stage, which, start, prepared);
    shown.push([which, seen, start]);
    start = seen.end;
  }
  for (const [i, [which, seen, began]] of shown.entries()) {
    const done = seen.name ? await imageOnset(seen) : seen;
    log(which.stimulus === null ? 'phase' : 'stimulus', {
      step: step.step_id, trial: step.trial_id, phase: i, kind: which.kind, stimulus: which.stimulus,
      start_ms: began, period_ms: state.period, ...done,
    }, done.onset_ms ?? began);
  }
  stage.remove();
  document.body.classList.remove('dark-cursor');
  const flags = [...state.flags];
  for (const question of step.questions) {
    stopIfNeeded();
    log('rating', { step: step.step_id, trial: step.trial_id, ...await ask(question) });
  }
  return flags;
}

async function rating(step) {
  for (const question of step.questions) {
    stopIfNeeded();
    log('rating', { step: step.step_id, trial: '', check: step.kind === 'check', ...await ask(question) });
  }
  return [];
}

async function oneStep(step) {
  let flags = [];
  if (step.kind === 'trial') flags = await trial(step);
  else {
    log('step_start', { step: step.step_id });
    if (step.kind === 'page' || step.kind === 'break') await page(step);
    else flags = await rating(step);
  }
  stopIfNeeded();
  log('step_end', { step: step.step_id, status: 'done', flags });
  return flags;
}

async function between(flags) {
  if (state.stopAsked) {
    const answer = await choose({
      title: 'Do you want to stop?',
      text: ['You may stop at any time. What was recorded is kept unless you ask for its deletion.'],
      buttons: ['Go on', 'Stop now'], escape: 0,
    });
    state.stopAsked = false;  // after the answer: Esc may be the answer too
    if (answer === 1) throw new Ended('participant');
  }
  if (flags.includes('hidden') || flags.includes('blur')) {
    await page({ title: 'Short pause', text: ['The window was left for a moment. Please go on when you are ready.'] });
  }
  while (state.command === 'pause') {
    message('Pause', ['The experimenter will go on in a moment.']);
    await pause(100);
    stopIfNeeded();
  }
}

async function steps() {
  state.name = 'running';
  const left = state.plan.steps.filter((s) => !state.done.has(s.step_id));
  for (const [i, step] of left.entries()) {
    stopIfNeeded();
    state.at = { step: step.step_id, left: left.length - i };
    await Promise.race([oneStep(step).then(between), halt.promise]);
  }
}

// Record-only mode: another program shows the stimuli; this page records until it is told to stop.
async function recordOnly() {
  state.name = 'running';
  const clock = el('p', { cls: 'big', role: 'timer' });
  const stop = el('button', { text: 'Stop recording', type: 'button', autofocus: true });
  const mark = el('button', { text: 'Set a marker (M)', type: 'button' });
  let on = true;
  let markers = 0;
  const setMarker = (event) => { markers += 1; log('marker', { marker: markers }, event.timeStamp); };
  stop.addEventListener('click', () => { on = false; });
  mark.addEventListener('click', setMarker);
  window.addEventListener('keydown', (event) => { if (event.key === 'm' && !event.repeat) setMarker(event); });
  show(el('h1', { text: 'Recording' }), clock, el('div', { cls: 'row' }, stop, mark));
  const begun = performance.now();
  while (on) {
    stopIfNeeded();
    const s = Math.floor((performance.now() - begun) / 1000);
    clock.textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')} · pictures: ${state.recorder.frames} · markers: ${markers}`;
    await pause(200);
  }
}

async function consent() {
  if (!state.plan.consent.length || state.done.has('consent')) return;
  const agreed = await agree({ title: state.plan.title, text: state.plan.consent });
  if (!agreed) throw new Ended('no consent');
  log('step_end', { step: 'consent', status: 'done', flags: [] });
}

async function end(outcome, reason) {
  state.name = 'draining';
  message('Saving …');
  log('segment_end', { outcome, reason, clock: await clockSample(5).catch(() => null) });
  const failure = await state.recorder.drain();
  if (state.stream) for (const track of state.stream.getTracks()) track.stop();
  if (failure) { fail(failure.reason, failure.status); return; }
  await post(outcome === 'finished' ? '/finish' : '/abort', { reason }, { 'X-Lease': state.lease.lease });
  state.name = outcome;
  const { closing } = state.plan;
  if (outcome === 'finished') message('Thank you', ['The session is complete. Please call the experimenter.', ...closing]);
  else message('The session was ended', ['What was recorded is kept unless you ask for its deletion. Please call the experimenter.']);
}

async function main() {
  const missing = missingFeatures();
  if (missing.length) {
    state.name = 'refused';
    message('This browser cannot run the session', [
      `It lacks: ${missing.join('; ')}.`, 'Use a current Edge, Chrome or Chromium on a computer.',
    ], { alert: true });
    return;
  }
  state.plan = await get('/plan');
  document.documentElement.style.setProperty('--stage', state.plan.background);
  document.title = state.plan.title;
  state.lease = await claim();
  state.done = new Set(state.lease.done);
  state.name = 'claimed';
  openRecorder();
  watchWindow();
  await beginSegment();
  try {
    message('Loading …');
    state.assets = await preload(state.plan.stimuli, (n, of) => message('Loading …', [`${n} of ${of}`]));
    await consent();
    state.name = 'checking';
    await startCamera();
    stopIfNeeded();
    await startRecording();
    state.name = 'ready';
    stopIfNeeded();
    await (state.plan.record_only ? Promise.race([recordOnly(), halt.promise]) : steps());
    await end('finished', '');
  } catch (problem) {
    if (!(problem instanceof Ended)) {
      log('error', { reason: String(problem.stack || problem) });
      throw problem;
    }
    if (!state.failure) await end('aborted', problem.message);
    else if (state.stream) {
      await state.recorder.drain();
      for (const track of state.stream.getTracks()) track.stop();
    }
  }
}

main().catch((problem) => {
  if (problem instanceof Refused && problem.status === 410) {
    message('This session is finished', ['Nothing more is recorded.']);
  } else fail(problem.message, problem.status ?? 0);
});
