// The pages between trials. Everything works with the keyboard alone.

import { nextFrame, pause } from './present.js';

export function el(tag, { text, cls, ...more } = {}, ...children) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (cls) node.className = cls;
  for (const [name, value] of Object.entries(more)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}

const root = () => document.getElementById('root');

export function show(...children) {
  document.body.classList.remove('dark-cursor');
  root().replaceChildren(el('main', { cls: 'card' }, ...children));
  const target = root().querySelector('[autofocus]');
  if (target) target.focus();
}

export const paragraphs = (texts) => texts.map((t) => el('p', { text: t }));

// A page with one button; Enter or space press it. A minimum time can be asked for.
export async function page({ title, text = [], button = 'Continue', min_s: minimum = 0, step = null }) {
  const go = el('button', { text: button, autofocus: true, type: 'button', disabled: minimum > 0 });
  const wait = el('p', { cls: 'quiet', role: 'status' });
  show(step, title ? el('h1', { text: title }) : null, ...paragraphs(text), wait, go);
  const pressed = new Promise((done) => { go.addEventListener('click', done, { once: true }); });
  for (let left = Math.ceil(minimum); left > 0; left -= 1) {
    wait.textContent = `You can go on in ${left} s.`;
    await pause(1000 * Math.min(1, minimum));
  }
  wait.textContent = '';
  if (go.disabled) { go.disabled = false; go.focus(); }
  await pressed;
}

// Two or more buttons; resolves to the number of the one pressed. `escape` is pressed by Esc.
export function choose({ title, text = [], buttons, escape = null, alert = false }) {
  return new Promise((done) => {
    const listen = (event) => { if (event.key === 'Escape' && escape !== null) finish(escape); };
    const finish = (i) => { removeEventListener('keydown', listen); done(i); };
    addEventListener('keydown', listen);
    show(
      el('h1', { text: title, role: alert ? 'alert' : null }),
      ...paragraphs(text),
      el('div', { cls: 'row' }, ...buttons.map((b, i) => el('button', {
        text: b, type: 'button', autofocus: i === 0, onclick: () => finish(i),
      }))),
    );
  });
}

export function message(title, text = [], { alert = false } = {}) {
  show(el('h1', { text: title, role: alert ? 'alert' : null }), ...paragraphs(text));
}

// A choice: number keys answer at once; arrows and Tab move, Enter confirms, a click answers.
// Nothing is chosen beforehand, so a key pressed too long on the page before answers nothing.
function choice(question, shown) {
  return new Promise((done) => {
    const answer = (value, event) => {
      removeEventListener('keydown', keys);
      done({ value, t: event.timeStamp, rt_ms: event.timeStamp - shown.at, by: event.type });
    };
    const buttons = question.options.map((option, i) => el('button', {
      cls: 'option', type: 'button', onclick: (event) => answer(i, event),
    }, el('kbd', { text: String(i + 1) }), el('span', { text: option })));
    const keys = (event) => {
      const at = buttons.indexOf(document.activeElement);
      const number = Number(event.key) - 1;
      if (event.repeat) return;
      if (Number.isInteger(number) && number >= 0 && number < buttons.length) answer(number, event);
      else if (event.key === 'ArrowRight' || event.key === 'ArrowDown') buttons[(at + 1) % buttons.length].focus();
      else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') {
        buttons[(Math.max(at, 0) + buttons.length - 1) % buttons.length].focus();
      }
    };
    addEventListener('keydown', keys);
    show(
      el('h2', { text: question.text, id: 'question' }),
      el('div', { cls: 'options', role: 'group', 'aria-labelledby': 'question' }, ...buttons),
      el('p', { cls: 'quiet', text: `Press a number from 1 to ${buttons.length}, or choose and press Enter.` }),
    );
    nextFrame().then((t) => { shown.at = t; });
  });
}

// A slider without a starting value: the handle counts only after it was moved.
function slider(question, shown) {
  return new Promise((done) => {
    const { minimum, maximum } = question;
    const input = el('input', {
      type: 'range', min: minimum, max: maximum, step: (maximum - minimum) / 100, autofocus: true,
      cls: 'untouched', 'aria-labelledby': 'question', value: (minimum + maximum) / 2,
    });
    const go = el('button', { text: 'Continue', type: 'button', disabled: true });
    const finish = (event) => done({
      value: Number(input.value), t: event.timeStamp, rt_ms: event.timeStamp - shown.at, by: event.type,
    });
    const touch = () => { input.classList.remove('untouched'); go.disabled = false; };
    input.addEventListener('input', touch);
    input.addEventListener('pointerdown', touch);
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !go.disabled && !event.repeat) { event.preventDefault(); finish(event); }
    });
    go.addEventListener('click', finish);
    show(
      el('h2', { text: question.text, id: 'question' }),
      el('div', { cls: 'scale' },
        el('span', { text: question.labels[0] }), input, el('span', { text: question.labels[1] })),
      el('p', { cls: 'quiet', text: 'Move with the arrow keys or the mouse, then press Enter.' }),
      go,
    );
    nextFrame().then((t) => { shown.at = t; });
  });
}

export async function ask(question) {
  const shown = { at: performance.now() };
  const answer = await (question.kind === 'slider' ? slider : choice)(question, shown);
  return { question: question.question_id, kind: question.kind, shown_ms: shown.at, ...answer };
}
