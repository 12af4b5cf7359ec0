// The form builder: parts are dragged to their place, and a label shows in the preview while it is typed. The buttons do without.
//
//   [data-builder] holds [data-builder-part] with a form [data-builder-move] whose field "to" takes the place counted from 0;
//   [data-live="name"] is the label of the part that the preview shows as [data-part="name"].
import { listen } from './dom.js';

let dragged = null;

const rows = (builder) => [...builder.querySelectorAll('[data-builder-part]')];
const clear = () => document.querySelectorAll('[data-builder-part][data-over]').forEach((row) => row.removeAttribute('data-over'));

document.querySelectorAll('[data-builder-part] .fb-head').forEach((head) => { head.draggable = true; });

listen('dragstart', '[data-builder-part] .fb-head', (event, head) => {
  dragged = head.closest('[data-builder-part]');
  dragged.dataset.dragging = '';
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', dragged.dataset.builderPart);
});

listen('dragover', '[data-builder-part]', (event, row) => {
  if (!dragged || row === dragged) return;
  event.preventDefault();
  clear();
  row.dataset.over = '';
});

listen('drop', '[data-builder-part]', (event, row) => {
  if (!dragged || row === dragged) return;
  event.preventDefault();
  const form = dragged.querySelector('[data-builder-move]');
  form.elements.to.value = rows(row.closest('[data-builder]')).indexOf(row);
  form.requestSubmit();
});

addEventListener('dragend', () => {
  dragged?.removeAttribute('data-dragging');
  dragged = null;
  clear();
});

listen('input', '[data-live]', (_event, input) => {
  const part = input.closest('[data-builder]').querySelector(`[data-part="${CSS.escape(input.dataset.live)}"]`);
  const label = part?.querySelector('.label, h3, b');
  if (label?.firstChild) label.firstChild.data = `${input.value} `;
});
