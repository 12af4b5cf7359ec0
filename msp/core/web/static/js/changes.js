// What an edit changes is marked while it is typed: [data-was] around a field and a .was that tells the value before.
import { listen } from './dom.js';

const plain = (text) => text.replace(/\s+/g, '').toLowerCase();

listen('input', '[data-was] :is(input, select)', (_event, field) => {
  const cell = field.closest('[data-was]');
  const isChanged = plain(field.value) !== plain(cell.dataset.was);
  cell.classList.toggle('changed', isChanged);
  cell.querySelector('.was').hidden = !isChanged;
});
