// A camera or file with landmarks, action-unit bars, frame rate and quality. To look at only.

import { el } from './pages.js';
import { pause } from './present.js';

const NAMES = {
  AU01: 'inner brow raised', AU02: 'outer brow raised', AU04: 'brow lowered', AU05: 'upper lid raised',
  AU06: 'cheek raised', AU07: 'lids tightened', AU09: 'nose wrinkled', AU10: 'upper lip raised',
  AU12: 'lip corners pulled', AU14: 'dimpler', AU15: 'lip corners lowered', AU17: 'chin raised',
  AU20: 'lips stretched', AU25: 'lips parted', AU26: 'jaw dropped', AU43: 'eyes closed',
};

const canvas = el('canvas', { cls: 'live', width: 640, height: 480, role: 'img', 'aria-label': 'picture with landmarks' });
const bars = Object.fromEntries(Object.keys(NAMES).map((name) => {
  const fill = el('div', { cls: 'fill' });
  const value = el('span', { cls: 'value', text: '–' });
  return [name, { fill, value, row: el('div', { cls: 'bar' },
    el('b', { text: name }), el('span', { text: NAMES[name] }), el('div', { cls: 'track' }, fill), value) }];
}));
const facts = el('p', { cls: 'big', role: 'status', text: 'Starting …' });

function draw(head, image) {
  const context = canvas.getContext('2d');
  canvas.width = image.width;
  canvas.height = image.height;
  context.drawImage(image, 0, 0);
  context.fillStyle = '#27e0a0';
  const r = Math.max(image.width / 240, 2);
  for (const [x, y] of head.points ?? []) context.fillRect(x - r / 2, y - r / 2, r, r);
  for (const [name, bar] of Object.entries(bars)) {
    const value = head.units?.[name];
    bar.value.textContent = value === undefined || value === null ? '–' : value.toFixed(2);
    const size = Math.min(Math.abs(value ?? 0), 1) * 50;
    bar.fill.style.width = `${size}%`;
    bar.fill.style.left = (value ?? 0) < 0 ? `${50 - size}%` : '50%';
  }
  facts.textContent = sentence(head);
}

function sentence(head) {
  const parts = [`${head.fps ?? '–'} pictures a second`];
  if (!head.faces) parts.push('no face');
  else if (head.neutral !== undefined) parts.push(`keep a still face: ${Math.round(100 * head.neutral)} %`);
  else if (head.pose) {
    const [pitch, yaw] = head.pose;
    parts.push(`pitch ${pitch}°, yaw ${yaw}°${head.pose_ok ? '' : ' (turned away)'}`);
    parts.push(head.plausible ? `light ${head.light}` : 'face covered or lost');
  }
  if (head.faces > 1) parts.push('more than one face');
  return parts.join(' · ');
}

async function next(after) {
  const answer = await fetch(`/api/v1/live/${after}`, { cache: 'no-store' });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const bytes = await answer.arrayBuffer();
  const view = new DataView(bytes);
  const n = view.getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, n)));
  return { head, jpeg: new Blob([new Uint8Array(bytes, 8 + n)], { type: 'image/jpeg' }) };
}

async function main() {
  document.getElementById('root').replaceChildren(el('main', { cls: 'card wide' },
    el('h1', { text: 'Live view' }), facts,
    el('div', { cls: 'side' }, canvas, el('div', {}, ...Object.values(bars).map((b) => b.row))),
    el('p', { cls: 'quiet', text: '1.00 is the reference movement of each unit, from a still face in the '
      + 'first seconds. For looking only: nothing is stored, and no score comes from here.' })));
  let number = 0;
  for (;;) {
    try {
      const { head, jpeg } = await next(number);
      if (head.error) { facts.textContent = head.error; return; }
      if (head.number > number) {
        number = head.number;
        draw(head, await createImageBitmap(jpeg));
      }
      if (head.ended) { facts.textContent = `${facts.textContent} · ended`; return; }
    } catch {
      facts.textContent = 'The server does not answer.';
      await pause(1000);
    }
  }
}

main();
