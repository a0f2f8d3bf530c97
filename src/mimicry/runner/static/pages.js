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

const MOST_TICKS = 21; // more marks than that hide the slider

const root = () => document.getElementById('root');

export function show(...children) {
  document.body.classList.remove('dark-cursor');
  root().replaceChildren(el('main', { cls: 'card' }, ...children));
  const target = root().querySelector('[autofocus]');
  if (target) target.focus({ preventScroll: true });
  scrollTo(0, 0); // a long text opens at its top
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
  if (go.disabled) { go.disabled = false; go.focus({ preventScroll: true }); }
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

// Consent: the text opens at its top; agreeing needs its end on the screen, a tick and a press,
// and neither of the two has the focus beforehand.
export function agree({ title, text }) {
  return new Promise((done) => {
    const head = el('h1', { text: title, tabindex: -1, autofocus: true });
    const tick = el('input', { type: 'checkbox', id: 'read', disabled: true });
    const yes = el('button', { text: 'I agree', type: 'button', disabled: true });
    const no = el('button', { text: 'I do not agree', type: 'button' });
    const end = el('span', { id: 'end', 'aria-hidden': 'true' });
    const note = el('p', { cls: 'quiet', role: 'status', text: 'Please read to the end.' });
    tick.addEventListener('change', () => { yes.disabled = !tick.checked; });
    yes.addEventListener('click', () => done(true));
    no.addEventListener('click', () => done(false));
    show(
      head, ...paragraphs(text), end,
      el('label', { cls: 'tick', for: 'read' }, tick, el('span', { text: 'I have read all of this.' })),
      el('div', { cls: 'row' }, yes, no), note,
    );
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      tick.disabled = false;
      note.textContent = 'To agree, tick the box (Tab, space), then press “I agree”.';
    });
    seen.observe(end);
  });
}

// A choice: number keys answer at once; arrows and Tab move, Enter confirms, a click answers.
// A number that may go on (1 of 10) waits for its second digit or Enter; Backspace takes it back.
// Nothing is chosen beforehand, so a key pressed too long on the page before answers nothing.
function choice(question, shown) {
  return new Promise((done) => {
    const numbers = question.options.map((_, i) => String(question.first + i));
    const [low, high] = [numbers[0], numbers[numbers.length - 1]];
    let typed = '';
    const stop = () => removeEventListener('keydown', keys);
    const answer = (value, event) => {
      stop();
      done({ value, t: event.timeStamp, rt_ms: event.timeStamp - shown.at, by: event.type });
    };
    const buttons = question.options.map((option, i) => el('button', {
      cls: 'option', type: 'button', onclick: (event) => answer(i, event),
    }, el('kbd', { text: numbers[i] }), el('span', { text: option === numbers[i] ? '' : option })));
    const digit = (event) => {
      const open = numbers.filter((number) => number.startsWith(typed + event.key));
      if (!open.length) return;
      typed += event.key;
      const at = numbers.indexOf(typed);
      if (at >= 0 && open.length === 1) answer(at, event);
      else if (at >= 0) buttons[at].focus();
    };
    const move = (to) => { typed = ''; buttons[to % buttons.length].focus(); };
    const keys = (event) => {
      const at = buttons.indexOf(document.activeElement);
      if (event.repeat) return;
      if (/^[0-9]$/.test(event.key)) digit(event);
      else if (event.key === 'ArrowRight' || event.key === 'ArrowDown') move(at + 1);
      else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') move(Math.max(at, 0) + buttons.length - 1);
      else if (event.key === 'Backspace') { typed = ''; document.activeElement.blur(); }
    };
    shown.over = () => { stop(); return null; };
    addEventListener('keydown', keys);
    const alone = high.length > 1 ? ' (after a first digit that stands alone press Enter)' : '';
    show(
      el('h2', { text: question.text, id: 'question' }),
      el('div', { cls: 'options', role: 'group', 'aria-labelledby': 'question' }, ...buttons),
      el('p', { cls: 'quiet', text: `Press a number from ${low} to ${high}${alone}, or choose and press Enter.` }),
    );
    nextFrame().then((t) => { shown.at = t; });
  });
}

// A slider without a starting value: the handle counts only after it was moved.
function slider(question, shown) {
  return new Promise((done) => {
    const { minimum, maximum, steps } = question;
    const apart = (maximum - minimum) / (steps - 1);
    const ticks = steps > MOST_TICKS ? null : el('datalist', { id: 'ticks' }, ...Array.from(
      { length: steps }, (_, i) => el('option', { value: minimum + i * apart }),
    ));
    const input = el('input', {
      type: 'range', min: minimum, max: maximum, step: apart, autofocus: true, list: ticks && 'ticks',
      cls: 'untouched', 'aria-labelledby': 'question', value: (minimum + maximum) / 2,
    });
    const go = el('button', { text: 'Continue', type: 'button', disabled: true });
    const finish = (event) => done({
      value: Number(input.value), t: event.timeStamp, rt_ms: event.timeStamp - shown.at, by: event.type,
    });
    const touch = () => { input.classList.remove('untouched'); go.disabled = false; };
    shown.over = () => (go.disabled ? null : Number(input.value));
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
      ticks,
      el('p', { cls: 'quiet', text: 'Move with the arrow keys or the mouse, then press Enter.' }),
      go,
    );
    nextFrame().then((t) => { shown.at = t; });
  });
}

// When its time is over a question ends without an answer; a moved slider counts where it stands.
async function over(question, shown) {
  await nextFrame();
  await pause(1000 * question.limit_s);
  const t = performance.now();
  return { value: shown.over(), t, rt_ms: t - shown.at, by: 'limit' };
}

export async function ask(question) {
  const shown = { at: performance.now() };
  const given = (question.kind === 'slider' ? slider : choice)(question, shown);
  const answer = await (question.limit_s ? Promise.race([given, over(question, shown)]) : given);
  return { question: question.question_id, kind: question.kind, shown_ms: shown.at, ...answer };
}
