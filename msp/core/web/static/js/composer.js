// Two modes that cannot be mistaken for each other: two forms, one shown. Drafts save themselves, apart.
import { debounce, listen, now, pageZone, post } from './dom.js';
import { clockWords } from './words.js';

export function setMode(composer, mode) {
  composer.dataset.mode = mode;
  for (const tab of composer.querySelectorAll('[role="tab"]')) {
    tab.setAttribute('aria-selected', String(tab.dataset.mode === mode));
  }
  for (const panel of composer.querySelectorAll('[role="tabpanel"]')) panel.hidden = panel.id !== `compose-${mode}`;
  const text = composer.querySelector(`#compose-${mode} textarea`);
  text.focus();
  text.setSelectionRange(text.value.length, text.value.length);
}

listen('click', '[data-composer] [role="tab"]', (event, tab) => {
  event.preventDefault();
  setMode(tab.closest('[data-composer]'), tab.dataset.mode);
  history.replaceState(history.state, '', tab.href);
});

listen('keydown', '[data-composer] [role="tab"]', (event, tab) => {
  if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
  const tabs = [...tab.parentElement.querySelectorAll('[role="tab"]')];
  tabs[(tabs.indexOf(tab) + 1) % tabs.length].focus();
});

listen('keydown', 'textarea', (event, text) => {
  if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && text.form) {
    event.preventDefault();
    text.form.requestSubmit(text.form.querySelector('[data-send]') ?? undefined);
  }
});

listen('click', '[data-wrap]', (_event, button) => {
  const text = button.closest('form').querySelector('textarea');
  const mark = button.dataset.wrap;
  const { selectionStart: from, selectionEnd: to, value } = text;
  text.setRangeText(mark + value.slice(from, to) + mark, from, to, 'end');
  if (from === to) text.setSelectionRange(from + mark.length, from + mark.length);
  text.focus();
  text.dispatchEvent(new Event('input', { bubbles: true }));
});

const unsaved = new Set();

async function save(form, options = {}) {
  unsaved.delete(form);
  const said = form.closest('[data-composer]')?.querySelector('[data-draft-state]');
  const body = new URLSearchParams({ body: form.querySelector('textarea').value, mode: form.dataset.compose ?? '' });
  const answer = await post(form.dataset.draft, body, options).catch(() => null);
  if (said) said.textContent = answer?.ok ? `Draft saved ${clockWords(now(), pageZone())}` : 'Draft not saved';
}

const saveSoon = new WeakMap();
listen('input', 'form[data-draft] textarea', (_event, text) => {
  const form = text.form;
  if (!saveSoon.has(form)) saveSoon.set(form, debounce(1000, () => unsaved.has(form) && save(form)));
  unsaved.add(form);
  saveSoon.get(form)();
});
listen('submit', 'form[data-draft]', (_event, form) => unsaved.delete(form));
addEventListener('pagehide', () => unsaved.forEach((form) => save(form, { keepalive: true })));

// Browsers without field-sizing grow the text by its own height.
if (!CSS.supports('field-sizing', 'content')) {
  listen('input', '.composer-text', (_event, text) => {
    text.rows = Math.min(16, Math.max(3, text.value.split('\n').length));
  });
}
