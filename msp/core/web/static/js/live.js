// Live pages. One stream per browser: the tab that holds the lock listens and tells the others.
//
//   <meta name="live-url">     the event stream; <meta name="live-ticket">: POST there answers {"ticket": "…"}
//   <meta name="live-after">   optional: the id of the last message that this page already shows
//   stream: GET live-url?ticket=…&after=<last id>; messages are JSON {"topic": "ticket", "id": "…", …}, which is heard as
//           "ticket" and, for each of its ids, as "ticket:<id>"; an event named "reset" means that messages were lost and
//           everything is to be fetched anew
//   region: <section id="conversation" data-live-region="ticket:<id> …" data-src="/tickets/…?part=conversation">
//           data-live-mode="rows": rows carry id and data-version; new ones wait behind [data-live-new="<region id>"]
//   status: [data-live-status] becomes "on", "wait" or "off"
//   other scripts hear "live:change" on the document: {kind: "change" | "reset", topics: ["ticket", "ticket:<id>"]}
//
// An editor that is in use and the row that has the focus are never replaced: the region waits until they are left.
import { fragment, meta, now, post } from './dom.js';

const CHANNEL = 'msp-live';
const channel = 'BroadcastChannel' in window ? new BroadcastChannel(CHANNEL) : null;
let lastId = meta('live-after');
let status = 'wait';

// --- The stream ---------------------------------------------------------------------------------------

export function start() {
  if (!meta('live-url')) return;
  channel?.addEventListener('message', ({ data }) => {
    if (data.kind === 'hello') return leading && tell({ kind: 'status', status });
    hear(data);
  });
  if (!navigator.locks) return lead();
  navigator.locks.request(CHANNEL, lead);
  channel?.postMessage({ kind: 'hello' });
}

let leading = false;

async function lead() {
  leading = true;
  for (let failures = 0; ; failures += 1) {
    const ticket = await askTicket();
    if (ticket === undefined) say('off');
    else if (await listenWith(ticket)) failures = 0;
    const pause = Math.min(30_000, 1000 * 2 ** Math.min(failures, 5));
    await new Promise((go) => setTimeout(go, pause * (0.5 + Math.random())));
  }
}

async function askTicket() {
  const answer = await post(meta('live-ticket')).catch(() => null);
  return answer?.ok ? (await answer.json()).ticket : undefined;
}

/** Listen until the stream ends; true when it had begun. A ticket serves once, so the browser must not reconnect by itself. */
function listenWith(ticket) {
  return new Promise((ended) => {
    const url = new URL(meta('live-url'), location.href);
    url.searchParams.set('ticket', ticket);
    if (lastId) url.searchParams.set('after', lastId);
    const source = new EventSource(url);
    let begun = false;
    source.onopen = () => {
      begun = true;
      say('on');
    };
    source.onmessage = (event) => {
      tell({ kind: 'change', last: event.lastEventId, about: JSON.parse(event.data) }, true);
    };
    source.addEventListener('reset', (event) => tell({ kind: 'reset', last: event.lastEventId }, true));
    source.onerror = () => {
      source.close();
      say('wait');
      ended(begun);
    };
    addEventListener('pagehide', () => source.close(), { once: true });
  });
}

function say(word) {
  tell({ kind: 'status', status: word }, true);
}

function tell(message, alsoHere = false) {
  channel?.postMessage(message);
  if (alsoHere) hear(message);
}

function hear(message) {
  if (message.last) lastId = message.last;
  if (message.kind === 'status') {
    status = message.status;
    for (const element of document.querySelectorAll('[data-live-status]')) element.dataset.liveStatus = status;
    return;
  }
  const topics = names(message.about ?? {});
  for (const region of document.querySelectorAll('[data-live-region]')) {
    const wanted = region.dataset.liveRegion.split(/\s+/);
    if (message.kind === 'reset' || wanted.some((topic) => topics.includes(topic))) soon(region);
  }
  document.dispatchEvent(new CustomEvent('live:change', { detail: { kind: message.kind, topics } }));
}

function names({ topic, ...ids }) {
  return topic ? [topic, ...Object.values(ids).flat().map((each) => `${topic}:${each}`)] : [];
}

// --- Regions ------------------------------------------------------------------------------------------

const waiting = new Map();

/** Fetch a region at most once a second, however many messages name it. */
function soon(region) {
  if (waiting.has(region.id)) return;
  const last = +region.dataset.fetchedAt || 0;
  waiting.set(region.id, setTimeout(() => {
    waiting.delete(region.id);
    const present = document.getElementById(region.id);
    if (present) refresh(present);
  }, Math.max(150, last + 1000 - now())));
}

export async function refresh(region, { everything = false } = {}) {
  region.dataset.fetchedAt = now();
  const answer = await fetch(region.dataset.src || location.href, {
    credentials: 'same-origin', headers: { 'HX-Request': 'true', 'HX-Target': region.id },
  }).catch(() => null);
  if (!answer || answer.status === 204) return;
  if (answer.status === 401 || answer.redirected) return location.reload();
  if (!answer.ok) return;
  const sent = fragment(await answer.text());
  const fresh = sent.getElementById(region.id) ?? sent;
  const rows = region.dataset.liveMode === 'rows' && !everything;
  if (!rows && isBusy(region)) {
    region.dataset.stale = '';
    return;
  }
  delete region.dataset.stale;
  if (rows) merge(region, fresh);
  else replace(region, fresh);
}

function isBusy(region) {
  if (region.querySelector('dialog[open], [popover]:popover-open, [data-editing]')) return true;
  const active = document.activeElement;
  return region.contains(active) && active.matches('textarea, select, [contenteditable], input:not([type="checkbox"])');
}

function replace(region, fresh) {
  const opened = [...region.querySelectorAll('details[open][id]')].map((details) => details.id);
  const focused = region.contains(document.activeElement) ? document.activeElement.id : '';
  region.replaceChildren(...fresh.childNodes);
  for (const id of opened) document.getElementById(id)?.setAttribute('open', '');
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  settle(region);
}

function settle(region) {
  const pill = document.querySelector(`[data-live-new="${region.id}"]`);
  if (pill) pill.hidden = true;
  window.htmx?.process(region);
  region.dispatchEvent(new CustomEvent('live:swapped', { bubbles: true }));
}

/** Known rows change where they stand, missing ones fade, new ones wait to be called. */
function merge(region, fresh) {
  const known = new Map([...region.querySelectorAll(':scope > [id]')].map((row) => [row.id, row]));
  let arrived = 0;
  for (const row of [...fresh.children]) {
    const old = known.get(row.id);
    known.delete(row.id);
    if (!old) arrived += 1;
    else if (old.dataset.version !== row.dataset.version || !row.dataset.version) renew(old, row);
  }
  for (const gone of known.values()) gone.classList.add('is-gone');
  const pill = document.querySelector(`[data-live-new="${region.id}"]`);
  if (pill) {
    pill.hidden = arrived === 0;
    pill.querySelector('span').textContent = `${arrived} new`;
  }
  window.htmx?.process(region);
  region.dispatchEvent(new CustomEvent('live:swapped', { bubbles: true }));
}

function renew(old, row) {
  if (old.contains(document.activeElement)) {
    old.dataset.stale = '';
    return;
  }
  row.classList.toggle('is-cursor', old.classList.contains('is-cursor'));
  row.tabIndex = old.tabIndex;
  const box = old.querySelector('[data-pick-row]');
  const fresh = row.querySelector('[data-pick-row]');
  if (box && fresh) {
    fresh.checked = box.checked;
    if (box.checked) row.setAttribute('aria-selected', 'true');
  }
  old.replaceWith(row);
}

document.addEventListener('focusout', (event) => {
  const stale = event.target.closest?.('[data-stale]');
  const region = stale?.closest('[data-live-region]');
  if (region) setTimeout(() => stale.contains(document.activeElement) || soon(region));
});

document.addEventListener('click', (event) => {
  const pill = event.target.closest?.('[data-live-new]');
  const region = pill && document.getElementById(pill.dataset.liveNew);
  if (region) refresh(region, { everything: true });
});

start();
