// The experimenter's page: progress, notes, pause, end; later the scores.

import { Refused, get, post } from './api.js';
import { el, show } from './pages.js';
import { pause } from './present.js';

const cells = {};
const cell = (name, label) => {
  cells[name] = el('td', { text: '…' });
  return el('tr', {}, el('th', { scope: 'row', text: label }), cells[name]);
};

const bar = el('progress', { max: 1, value: 0, 'aria-label': 'steps done' });
const hold = el('button', { type: 'button', text: 'Pause', autofocus: true });
const end = el('button', { type: 'button', text: 'End the session …' });
const note = el('textarea', { rows: 3, id: 'note', 'aria-label': 'note' });
const save = el('button', { type: 'button', text: 'Save note' });
const said = el('p', { cls: 'quiet', role: 'status' });
const report = el('p', {});

let status = {};
let asked = false;

async function order(what, value = {}) {
  try {
    await post(`/operator/${what}`, value);
    return true;
  } catch (problem) {
    said.textContent = problem.message;
    return false;
  }
}

hold.addEventListener('click', () => order(status.command === 'pause' ? 'run' : 'pause'));
end.addEventListener('click', () => {
  if (!asked) {
    asked = true;
    end.textContent = 'Really end it? What was recorded is kept.';
    setTimeout(() => { asked = false; end.textContent = 'End the session …'; }, 5000);
  } else order('abort');
});
save.addEventListener('click', async () => {
  if (note.value.trim() && await order('note', { text: note.value })) {
    said.textContent = 'The note is saved.';
    note.value = '';
  }
});

function job(found) {
  if (!found) return status.finished ? 'closed' : 'not yet';
  if (found.problem) return `failed: ${found.problem}`;
  return found.line;
}

function draw() {
  const state = status.finished ? 'finished' : status.connected ? 'running' : 'no page connected';
  const paused = status.command === 'pause' && !status.finished;
  cells.state.textContent = paused ? 'paused after the present trial' : state;
  cells.who.textContent = `${status.participant} · ${status.protocol}`;
  cells.steps.textContent = `${status.done} of ${status.steps}`;
  cells.frames.textContent = `${status.frames} (page load ${status.segment})`;
  cells.disk.textContent = `${status.free_mb} MB`;
  cells.last.textContent = status.last?.type ? `${status.last.type} ${status.last.step ?? ''}` : 'none';
  cells.scores.textContent = job(status.job);
  bar.max = Math.max(status.steps, 1);
  bar.value = status.done;
  hold.textContent = paused ? 'Go on' : 'Pause';
  hold.disabled = status.finished || status.command === 'abort';
  end.disabled = hold.disabled;
  if (status.report && !report.hasChildNodes()) {
    report.append(el('a', { href: '/report', target: '_blank', rel: 'noopener', text: 'Open the report' }));
  }
}

async function main() {
  show(
    el('h1', { text: 'Session' }), bar,
    el('table', {}, el('tbody', {},
      cell('state', 'State'), cell('who', 'Participant'), cell('steps', 'Steps done'),
      cell('frames', 'Camera frames on disk'), cell('last', 'Last event'),
      cell('disk', 'Free on disk'), cell('scores', 'Scores'))),
    report,
    el('div', { cls: 'row' }, hold, end),
    el('label', { for: 'note', text: 'Note' }), note, save, said,
  );
  for (;;) {
    try {
      status = await get('/status');
      draw();
      if (said.textContent === 'The server does not answer.') said.textContent = '';
    } catch (problem) {
      said.textContent = problem instanceof Refused ? problem.message : 'The server does not answer.';
      cells.state.textContent = 'unknown';
    }
    await pause(1000);
  }
}

main();
