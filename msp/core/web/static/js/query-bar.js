// The query as tokens while it rests, as plain text while it is edited, with suggestions from the server.
// Without script it is a search field of a GET form.
import Combobox from '../vendor/combobox-nav.js';
import { debounce, fragment } from './dom.js';

const TOKEN = /(-?)([a-z_]+):((?:"[^"]*"|[^\s"])+)|"[^"]*"|\S+/g;

const part = (className, textContent) => Object.assign(document.createElement('span'), { className, textContent });

/** The pieces of a query in order: {not, field, value} or {words}. */
export function pieces(query) {
  return [...query.matchAll(TOKEN)].map(([all, not, field, value]) => (
    field ? { not: !!not, field, value: value.replaceAll('"', '').replaceAll(',', ', ') } : { words: all }
  ));
}

function view(input) {
  const shown = document.createElement('span');
  shown.className = 'query-view';
  shown.setAttribute('aria-hidden', 'true');
  for (const piece of pieces(input.value)) {
    if (!piece.field) {
      shown.append(part('query-text words', piece.words));
      continue;
    }
    const token = part('token', '');
    if (piece.not) token.dataset.not = '';
    token.append(part('f', (piece.not ? '-' : '') + piece.field), part('v', piece.value));
    shown.append(token);
  }
  shown.append(part('query-text', input.placeholder));
  return shown;
}

function enhance(form) {
  const input = form.querySelector('input[type="search"]');
  const redraw = () => {
    form.querySelector('.query-view')?.remove();
    const isShown = input.value.trim() !== '' && !input.matches('[aria-invalid="true"]');
    form.classList.toggle('has-view', isShown);
    if (isShown) input.before(view(input));
  };
  redraw();
  input.addEventListener('blur', redraw);
  if (input.dataset.errorAt) input.setSelectionRange(+input.dataset.errorAt, +input.dataset.errorAt);
  if (form.dataset.suggest) suggest(form, input);
}

function suggest(form, input) {
  const list = document.createElement('ul');
  list.className = 'menu query-list';
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', input.getAttribute('aria-label'));
  list.hidden = true;
  form.append(list);
  const box = new Combobox(input, list, { tabInsertsSuggestions: true });
  const close = () => {
    if (!list.hidden) box.stop();
    list.hidden = true;
  };
  let asked = 0;
  input.addEventListener('input', debounce(120, async () => {
    const turn = asked += 1;
    const url = new URL(form.dataset.suggest, location.href);
    url.search = new URLSearchParams({ q: input.value, at: input.selectionStart });
    const answer = await fetch(url, { credentials: 'same-origin', headers: { 'HX-Request': 'true' } }).catch(() => null);
    if (!answer?.ok || turn !== asked || document.activeElement !== input) return;
    list.replaceChildren(...fragment(await answer.text()).querySelectorAll('[role="option"]'));
    for (const [index, option] of [...list.children].entries()) option.id ||= `query-option-${index}`;
    if (!list.children.length) return close();
    if (list.hidden) box.start();
    list.hidden = false;
  }));
  list.addEventListener('combobox-commit', ({ target }) => {
    const upTo = input.value.slice(0, input.selectionStart).replace(/\S*$/, '');
    const after = input.value.slice(input.selectionStart).replace(/^\S+/, '');
    input.value = upTo + target.dataset.value + after;
    input.setSelectionRange(upTo.length + target.dataset.value.length, upTo.length + target.dataset.value.length);
    close();
    input.focus();
    if (target.dataset.value.endsWith(':')) input.dispatchEvent(new Event('input'));
  });
  input.addEventListener('blur', () => setTimeout(close, 150));
  input.addEventListener('keydown', (event) => event.key === 'Escape' && close());
}

document.querySelectorAll('[data-query]').forEach(enhance);
