// The recorder: every camera frame is copied and closed at once, then encoded and written.
// A camera has only a few buffers; whoever holds one loses the next frame.

import { Uploader } from './upload.js';

const text = new TextEncoder();
const MAX_QUEUE = 120;
const KEY_EVERY_US = 1_000_000;

let uploader = null;
let pageOrigin = 0;
let eventNumber = 0;
let reader = null;
let encoder = null;
let reading = Promise.resolve();

const pageNow = () => performance.now() + performance.timeOrigin - pageOrigin;

function event(fields) {
  if (!uploader) return;
  const line = JSON.stringify({ seq: eventNumber, ...fields });
  eventNumber += 1;
  uploader.add('events', text.encode(`${line}\n`));
  if (fields.type === 'step_end') uploader.cut(); // a finished trial is never shown again
}

function open({ lease, segment, origin }) {
  pageOrigin = origin;
  uploader = new Uploader({
    lease,
    segment,
    onCommand: (command) => postMessage({ type: 'command', command }),
    onFail: (failure) => postMessage({ type: 'failed', ...failure }),
    onBacklog: (age, bytes) => {
      event({ t: pageNow(), type: 'upload_backlog', age_ms: age, bytes });
      postMessage({ type: 'backlog', age });
    },
  });
}

// IVF: a 32-byte head, then 12 bytes before each frame; time base 1 us
function ivfHead(width, height) {
  const head = new DataView(new ArrayBuffer(32));
  [...'DKIF'].forEach((c, i) => head.setUint8(i, c.charCodeAt(0)));
  head.setUint16(6, 32, true);
  [...'VP90'].forEach((c, i) => head.setUint8(8 + i, c.charCodeAt(0)));
  head.setUint16(12, width, true);
  head.setUint16(14, height, true);
  head.setUint32(16, 1_000_000, true);
  head.setUint32(20, 1, true);
  return new Uint8Array(head.buffer);
}

function ivfFrame(chunk) {
  const bytes = new Uint8Array(12 + chunk.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, chunk.byteLength, true);
  view.setBigUint64(4, BigInt(chunk.timestamp), true);
  chunk.copyTo(bytes.subarray(12));
  return bytes;
}

function codecFor(width, height) {
  const pixels = width * height;
  const level = pixels <= 640 * 480 ? '30' : pixels <= 1280 * 720 ? '31' : '40';
  return `vp09.00.${level}.08`;
}

function makeEncoder({ width, height, fps, bitrate }) {
  let begun = false;
  const made = new VideoEncoder({
    output: (chunk) => {
      if (!begun) uploader.add('video', ivfHead(width, height));
      begun = true;
      uploader.add('video', ivfFrame(chunk));
    },
    error: (problem) => postMessage({ type: 'failed', reason: `encoder: ${problem.message}`, status: 0 }),
  });
  made.configure({
    codec: codecFor(width, height), width, height, bitrate, framerate: fps, latencyMode: 'realtime',
  });
  return made;
}

// Mean brightness of the first plane (Y, or green of RGB), every fourth pixel each way.
function brightness(bytes, layout, format, width, height) {
  const rgb = format.startsWith('RGB') || format.startsWith('BGR');
  const step = rgb ? 4 : 1;
  const { offset, stride } = layout[0];
  let sum = 0;
  let n = 0;
  for (let y = 0; y < height; y += 4) {
    const row = offset + y * stride + (rgb ? 1 : 0);
    for (let x = 0; x < width; x += 4) { sum += bytes[row + x * step]; n += 1; }
  }
  return sum / n;
}

async function read({ readable, camera, measure }) {
  let n = 0;
  let lost = 0;
  let lastKey = -Infinity;
  let backlogged = false;
  reader = readable.getReader();
  if (uploader) uploader.add('frames', text.encode('frame\ttimestamp_us\tarrival_ms\tencoded\n'));
  for (;;) {
    const { done, value: frame } = await reader.read();
    if (done) break;
    const arrival = pageNow();
    const { timestamp, format } = frame;
    const { width, height } = frame.visibleRect;
    if (format === null) {
      frame.close();
      postMessage({ type: 'failed', reason: 'the camera gives frames without readable pixels', status: 0 });
      return;
    }
    const bytes = new Uint8Array(frame.allocationSize());
    const layout = await frame.copyTo(bytes);
    frame.close();
    let encoded = 0;
    let light = null;
    if (measure) {
      light = brightness(bytes, layout, format, width, height);
    } else {
      encoder ??= makeEncoder({ ...camera, width, height });
      if (encoder.encodeQueueSize < MAX_QUEUE) {
        const copy = new VideoFrame(bytes, {
          format, codedWidth: width, codedHeight: height, timestamp, layout, transfer: [bytes.buffer],
        });
        const keyFrame = timestamp - lastKey >= KEY_EVERY_US;
        if (keyFrame) lastKey = timestamp;
        encoder.encode(copy, { keyFrame });
        copy.close();
        encoded = 1;
        backlogged = false;
      } else {
        lost += 1;
        if (!backlogged) event({ t: arrival, type: 'encode_backlog', lost });
        backlogged = true;
      }
      uploader.add('frames', text.encode(`${n}\t${timestamp}\t${arrival.toFixed(3)}\t${encoded}\n`));
    }
    postMessage({ type: 'frame', timestamp, arrival, light, n, queued: encoder?.encodeQueueSize ?? 0 });
    n += 1;
  }
}

async function drain() {
  if (reader) await reader.cancel().catch(() => {});
  await reading;
  if (encoder && encoder.state === 'configured') {
    await encoder.flush();
    encoder.close();
  }
  encoder = null;
  const failure = uploader ? await uploader.drain() : null;
  if (uploader) uploader.stop();
  postMessage({ type: 'drained', failure });
}

onmessage = ({ data }) => {
  if (data.type === 'open') open(data);
  else if (data.type === 'origin') pageOrigin = data.origin;
  else if (data.type === 'camera') {
    reading = read(data).catch((problem) => {
      postMessage({ type: 'failed', reason: `recorder: ${problem.message}`, status: 0 });
    });
  } else if (data.type === 'event') event(data.event);
  else if (data.type === 'drain') drain();
};
