// Pieces on their way to the disk: in order, repeated until the server has them on its disk.

import { Refused, request } from './api.js';

const TABLE = new Uint32Array(256).map((_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

export function crc32(bytes) {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) c = TABLE[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

const PIECE_MS = 1000;
const WARN_MS = 3000;
const GIVE_UP_MS = 60000;
const FATAL = new Set([404, 409, 410, 413, 507]);

export class Uploader {
  constructor({ lease, segment, onCommand, onFail, onBacklog }) {
    Object.assign(this, { lease, segment, onCommand, onFail, onBacklog });
    this.pending = { video: [], frames: [], events: [] };
    this.seq = { video: 0, frames: 0, events: 0 };
    this.queue = [];
    this.failed = null;
    this.full = false;
    this.lastSent = performance.now();
    this.warned = false;
    this.running = true;
    this.timer = setInterval(() => this.cut(), PIECE_MS);
    this.loop = this.send();
  }

  add(stream, bytes) {
    if (this.full && stream === 'video') return;
    this.pending[stream].push(bytes);
  }

  cut() {
    const now = performance.now();
    // rows go before their pictures: whatever a crash cuts off, no stored picture lacks its row
    for (const stream of ['frames', 'video', 'events']) {
      const parts = this.pending[stream];
      if (!parts.length) continue;
      const body = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
      let at = 0;
      for (const p of parts) { body.set(p, at); at += p.length; }
      this.pending[stream] = [];
      this.queue.push({ stream, seq: this.seq[stream], body, crc: crc32(body), born: now });
      this.seq[stream] += 1;
    }
    const age = this.queue.length ? now - this.queue[0].born : 0;
    if (age > WARN_MS && !this.warned) {
      this.warned = true;
      this.onBacklog(age, this.queue.reduce((n, p) => n + p.body.length, 0));
    }
    if (age < PIECE_MS) this.warned = false;
    if (age > GIVE_UP_MS) this.fail('the server has not answered for a minute', 0);
  }

  fail(reason, status) {
    if (this.failed) return;
    this.failed = { reason, status };
    this.onFail(this.failed);
  }

  // The disk has no room for video any more: what happened can still be told.
  dropVideo(reason, status) {
    this.full = true;
    this.pending.video = [];  // else it would follow as a piece with a gap before it
    this.queue = this.queue.filter((p) => p.stream !== 'video');
    this.onFail({ reason, status });
  }

  async send() {
    while (this.running && !this.failed) {
      const piece = this.queue[0];
      const headers = { 'X-Lease': this.lease };
      try {
        if (piece) {
          const answer = await request(`/chunk/${this.segment}/${piece.stream}/${piece.seq}`, {
            body: piece.body,
            type: 'application/octet-stream',
            headers: { ...headers, 'X-CRC32': String(piece.crc) },
          });
          this.queue.shift();
          this.lastSent = performance.now();
          this.onCommand(answer.command);
        } else if (performance.now() - this.lastSent > PIECE_MS) {
          const answer = await request('/heartbeat', { body: '{}', headers });
          this.lastSent = performance.now();
          this.onCommand(answer.command);
        } else {
          await new Promise((done) => { setTimeout(done, 50); });
        }
      } catch (problem) {
        if (problem instanceof Refused && problem.status === 507 && piece?.stream === 'video') {
          this.dropVideo(problem.message, problem.status);
        } else if (problem instanceof Refused && FATAL.has(problem.status)) {
          this.fail(problem.message, problem.status);
        } else {
          await new Promise((done) => { setTimeout(done, 500); });
        }
      }
    }
  }

  // Everything on the server's disk, or the failure.
  async drain() {
    this.cut();
    while (this.queue.length && !this.failed) {
      await new Promise((done) => { setTimeout(done, 20); });
    }
    return this.failed;
  }

  stop() {
    this.running = false;
    clearInterval(this.timer);
  }
}
