// Rows of a queue: the cursor, the selection, the bar for bulk acts.
import { isVisible, listen } from './dom.js';

const ROW = 'table[data-rows] tbody tr';

const rows = () => [...document.querySelectorAll(ROW)];

export const cursor = () => document.querySelector(`${ROW}.is-cursor`);

function point(row) {
  for (const each of rows()) {
    each.classList.toggle('is-cursor', each === row);
    each.tabIndex = each === row ? 0 : -1;
  }
}

export function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(cursor());
  const row = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
  point(row);
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: 'nearest' });
}

export function open() {
  cursor()?.querySelector('a[href]')?.click();
}

export function pick(row = cursor()) {
  const box = row?.querySelector('[data-pick-row]');
  if (!box) return;
  box.checked = !box.checked;
  show(box.closest('table'));
}

/** Bring marks, count and bar in line with the boxes. */
function show(table) {
  const boxes = [...table.querySelectorAll('[data-pick-row]')];
  const chosen = boxes.filter((box) => box.checked);
  for (const box of boxes) {
    if (box.checked) box.closest('tr').setAttribute('aria-selected', 'true');
    else box.closest('tr').removeAttribute('aria-selected');
  }
  table.classList.toggle('selecting', chosen.length > 0);
  const all = table.querySelector('[data-pick-all]');
  if (all) {
    all.checked = chosen.length > 0 && chosen.length === boxes.length;
    all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
  const bar = document.querySelector('[data-bulk]');
  if (!bar) return;
  bar.hidden = !chosen.length;
  matching(bar, '');
  bar.querySelector('[data-count]').textContent = `${chosen.length} selected`;
}

/** "Select all matching": the form says so, the server finds them by the query. */
function matching(bar, total) {
  const form = document.getElementById(bar.dataset.bulk);
  const offer = bar.querySelector('[data-pick-matching]');
  form?.querySelector('input[name="matching"]')?.remove();
  if (offer) offer.hidden = !!total;
  if (!total || !form) return;
  form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'matching', value: '1' }));
  bar.querySelector('[data-count]').textContent = `All ${total} selected`;
}

let lastPicked = null;
listen('click', '[data-pick-row]', (event, box) => {
  if (event.shiftKey && lastPicked) {
    const boxes = [...box.closest('table').querySelectorAll('[data-pick-row]')];
    const [from, to] = [boxes.indexOf(lastPicked), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const each of boxes.slice(Math.max(from, 0), to + 1)) each.checked = box.checked;
  }
  lastPicked = box;
  show(box.closest('table'));
});

listen('change', '[data-pick-all]', (_event, all) => {
  for (const box of all.closest('table').querySelectorAll('[data-pick-row]')) box.checked = all.checked;
  show(all.closest('table'));
});

listen('click', '[data-pick-none]', () => {
  for (const box of document.querySelectorAll('[data-pick-row]:checked')) box.checked = false;
  document.querySelectorAll('table[data-rows]').forEach(show);
});

listen('click', '[data-pick-matching]', (_event, button) => matching(button.closest('[data-bulk]'), button.dataset.pickMatching));

listen('focusin', ROW, (_event, row) => row !== cursor() && point(row));

function settle() {
  const all = rows();
  if (all.length && !cursor()) all.forEach((row, index) => { row.tabIndex = index ? -1 : 0; });
  const meantAll = document.querySelector('input[name="matching"]');
  document.querySelectorAll('table[data-rows]').forEach((table) => isVisible(table) && show(table));
  const button = document.querySelector('[data-bulk]:not([hidden]) [data-pick-matching]');
  if (meantAll && button) matching(button.closest('[data-bulk]'), button.dataset.pickMatching); // rows were swapped, not the choice
}

settle();
document.addEventListener('live:swapped', settle);
document.addEventListener('htmx:after:swap', settle);
