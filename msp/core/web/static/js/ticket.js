// The ticket page and its forms: drafts kept in this browser, a word about what arrived while writing, the receipt's state
// in the address, and suggestions for people. Everything works, plainly, without.
import Combobox from '../vendor/combobox-nav.js';
import { setMode } from './composer.js';
import { toast } from './dialog.js';
import { debounce, fragment, listen, now, pageZone } from './dom.js';
import { clockWords } from './words.js';

// --- Drafts: one for each mode, kept by agent and ticket, forgotten once sent or signed out ------------------------------

const DRAFTS = 'draft:';
const dock = document.querySelector('.dock[data-ticket]');

function keep(form) {
  const text = form.querySelector('textarea').value;
  try {
    if (text.trim()) localStorage.setItem(form.dataset.draftKey, text);
    else localStorage.removeItem(form.dataset.draftKey);
  } catch {
    return say(form, 'Draft not saved');
  }
  return say(form, text.trim() ? `Draft saved ${clockWords(now(), pageZone())}` : '');
}

function say(form, words) {
  const state = form.closest('[data-composer]')?.querySelector('[data-draft-state]');
  if (state) state.textContent = words;
}

function restore(form) {
  const mode = form.dataset.compose;
  if (dock?.dataset.sent === mode) {
    localStorage.removeItem(form.dataset.draftKey);
    return;
  }
  const text = form.querySelector('textarea');
  const draft = localStorage.getItem(form.dataset.draftKey);
  if (!draft || text.value.trim()) return;
  text.value = draft;
  if (form.closest('[role="tabpanel"]')?.hidden === false) say(form, 'Draft restored');
}

try {
  document.querySelectorAll('form[data-draft-key]').forEach(restore);
} catch {
  // Storage is off: what is being written lives in the page alone.
}
if (dock?.dataset.sent) {
  const address = new URL(location.href);
  address.searchParams.delete('sent');
  history.replaceState(history.state, '', address);
  document.getElementById('conversation')?.scrollIntoView({ block: 'end' });
}

const keepers = new WeakMap();
listen('input', 'form[data-draft-key] textarea', (_event, text) => {
  if (!keepers.has(text.form)) keepers.set(text.form, debounce(500, () => keep(text.form)));
  keepers.get(text.form)();
});
addEventListener('pagehide', () => {
  for (const form of document.querySelectorAll('form[data-draft-key]')) if (form.querySelector('textarea').value.trim()) keep(form);
});
listen('submit', 'form[action$="/sign-out"]', () => {
  for (const key of Object.keys(localStorage)) if (key.startsWith(DRAFTS)) localStorage.removeItem(key);
});

// --- Canned replies: filled in by the server for this ticket, put where the writer is ----------------------------------------

const written = () => document.querySelector('[role="tabpanel"]:not([hidden]) .composer-text');

function insert(text, said) {
  text.focus();
  text.setRangeText(said, text.selectionStart, text.selectionEnd, 'end');
  text.dispatchEvent(new Event('input', { bubbles: true }));
}

listen('click', '[data-macro]', async (_event, button) => {
  button.closest('[popover]')?.hidePopover();
  const answer = await fetch(button.dataset.macro, { credentials: 'same-origin' }).catch(() => null);
  const text = written();
  if (!answer?.ok || !text) return;
  const { text: said, then } = await answer.json();
  insert(text, said);
  const next = text.form.elements.then;
  if (then && next && [...next.options].some((option) => option.value === then)) next.value = then;
});

// --- Articles: their link or text, into what is being written; into a note where the client may not read them ----------------

listen('click', '[data-insert]', async (_event, button) => {
  const composer = document.querySelector('[data-composer]');
  if (!composer) return;
  if (button.dataset.into && composer.dataset.mode !== button.dataset.into) setMode(composer, button.dataset.into);
  const url = new URL(button.dataset.insert, location.href);
  url.searchParams.set('into', composer.dataset.mode);
  url.searchParams.set('carry', button.dataset.carry);
  const answer = await fetch(url, { credentials: 'same-origin', headers: { Accept: 'application/json' } }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  const text = written();
  if (!answer?.ok || !text) return toast(told?.detail || 'Not inserted');
  insert(text, told.text);
});

// --- New messages: counted as seen at once while nothing is written, else only when the writer has looked ----------------

const seen = () => document.querySelector('input[name="seen_messages"]');
const isWriting = () => !!document.querySelector('[data-compose="public"] textarea')?.value.trim();

function see() {
  const count = document.getElementById('seen');
  if (count && seen()) seen().value = count.value;
  const guard = document.querySelector('[data-new-guard]');
  if (guard) guard.hidden = true;
}

document.addEventListener('live:swapped', ({ target }) => {
  if (target.id !== 'conversation' || !seen()) return;
  const arrived = +document.getElementById('seen').value - +seen().value;
  if (arrived <= 0 || !isWriting()) return see();
  const guard = document.querySelector('[data-new-guard]');
  guard.querySelector('[data-new-count]').textContent = arrived === 1 ? 'A message came' : `${arrived} messages came`;
  guard.hidden = false;
});

listen('click', '[data-new-show]', () => {
  document.querySelector('#conversation .entry:last-of-type')?.scrollIntoView({ block: 'end' });
  see();
});

// --- Resolving while a reply is written: a word first, and done when it is pressed again -------------------------------------

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.matches('[data-leaves-draft]') || form.dataset.isMeant || !isWriting()) return;
  event.preventDefault();
  event.stopPropagation();
  form.dataset.isMeant = 'yes';
  toast('Your reply is not sent. Send can resolve as well; press Resolve again to leave the reply as a draft.');
}, true);

// --- The receipt, open or closed, stands in the address -------------------------------------------------------------------

document.addEventListener('toggle', (event) => {
  if (!event.target.matches?.('details.why')) return;
  const address = new URL(location.href);
  if (event.target.open) address.searchParams.set('why', '1');
  else address.searchParams.delete('why');
  history.replaceState(history.state, '', address);
  const region = event.target.closest('[data-live-region]');
  if (region) {
    const source = new URL(region.dataset.src, location.href);
    if (event.target.open) source.searchParams.set('why', '1');
    else source.searchParams.delete('why');
    region.dataset.src = source.pathname + source.search;
  }
}, true);

// --- People: suggestions while a name is typed; what is sent is the text ---------------------------------------------------

const pickers = new WeakSet();

function enhance(holder) {
  const input = holder.querySelector('input');
  const list = Object.assign(document.createElement('ul'), { className: 'menu query-list', id: `${input.id}-list`, hidden: true });
  list.setAttribute('role', 'listbox');
  input.after(list);
  const box = new Combobox(input, list, { tabInsertsSuggestions: true });
  const close = () => {
    if (!list.hidden) box.stop();
    list.hidden = true;
  };
  let asked = 0;
  input.addEventListener('input', debounce(150, async () => {
    const turn = asked += 1;
    const url = new URL(holder.dataset.picker, location.href);
    url.searchParams.set('q', input.value);
    const answer = await fetch(url, { credentials: 'same-origin', headers: { 'HX-Request': 'true' } }).catch(() => null);
    if (!answer?.ok || turn !== asked || document.activeElement !== input) return;
    list.replaceChildren(...fragment(await answer.text()).querySelectorAll('[role="option"]'));
    for (const [index, option] of [...list.children].entries()) option.id = `${input.id}-option-${index}`;
    if (!list.children.length) return close();
    if (list.hidden) box.start();
    list.hidden = false;
  }));
  list.addEventListener('combobox-commit', ({ target }) => {
    input.value = target.dataset.value;
    close();
  });
  input.addEventListener('blur', () => setTimeout(close, 150));
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || list.hidden) return;
    event.stopPropagation();
    event.preventDefault();
    close();
  });
}

listen('focusin', '[data-picker] input', (_event, input) => {
  const holder = input.closest('[data-picker]');
  if (pickers.has(holder)) return;
  pickers.add(holder);
  enhance(holder);
});
