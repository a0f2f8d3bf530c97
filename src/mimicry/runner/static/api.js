// Talking to the local server. Nothing else is ever contacted.

const API = '/api/v1';

export class Refused extends Error {
  constructor(status, body) {
    super(body.error || `the server answered ${status}`);
    this.status = status;
    this.body = body;
  }
}

export async function request(path, { body, headers = {}, type = 'application/json' } = {}) {
  const options = { cache: 'no-store', headers: { 'X-Mimicry': '1', ...headers } };
  if (body !== undefined) {
    options.method = 'POST';
    options.body = body;
    options.headers['Content-Type'] = type;
  }
  const answer = await fetch(API + path, options);
  const text = await answer.text();
  let value = {};
  try { value = JSON.parse(text); } catch { value = { error: text }; }
  if (!answer.ok) throw new Refused(answer.status, value);
  return value;
}

export const get = (path) => request(path);
export const post = (path, value = {}, headers = {}) =>
  request(path, { body: JSON.stringify(value), headers });

// Offset between this page's clock and the server's, from the exchange with the shortest way.
export async function clockSample(rounds = 60) {
  let best = null;
  for (let i = 0; i < rounds && !(i >= 10 && best.rtt_ms < 1.5); i += 1) {
    const before = performance.now();
    const { server_ns: server } = await get('/clock');
    const after = performance.now();
    if (best === null || after - before < best.rtt_ms) {
      best = { page_ms: (before + after) / 2, server_ns: server, rtt_ms: after - before };
    }
  }
  return best;
}
