// Single keys act on what carries data-key="…"; rows have J, K, Enter and X. Off with <html data-keys="off">.
import { tinykeys } from '../vendor/tinykeys.js';
import { isVisible } from './dom.js';
import * as rows from './rows.js';

const SINGLE = ['r', 'n', 'a', 'i', 's', 'p', 'h', 'm', 'e', 'c', 'u', 'l'];
const TYPING = 'textarea, select, [contenteditable], input:not([type="checkbox"], [type="radio"], [type="button"], [type="submit"])';

const isTyping = (event) => event.isComposing || event.target.matches?.(TYPING);
const isCovered = () => document.querySelector('dialog[open]:modal, [popover]:popover-open:not(.nav)');

function target(key) {
  const all = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)];
  return all.find((element) => isVisible(element) && !element.disabled) ?? all.find((element) => element.closest('[data-bulk][hidden]'));
}

function act(key) {
  return (event) => {
    if (isCovered()) return;
    let element = target(key);
    if (!element) return;
    // The bulk bar shows only with a selection: the row under the cursor is meant.
    if (element.closest('[data-bulk][hidden]')) {
      if (!rows.cursor()) return;
      rows.pick();
      element = target(key);
    }
    event.preventDefault();
    if (element.matches('input, textarea, select')) {
      element.focus();
      element.select?.();
    } else {
      element.click();
    }
  };
}

const unless = (work) => (event) => {
  if (isCovered()) return;
  event.preventDefault();
  work();
};

function bindings() {
  const map = {};
  // Sequences come first: the I of "g i" is not the I that stands alone.
  for (const element of document.querySelectorAll('[data-key*=" "]')) map[element.dataset.key] = act(element.dataset.key);
  Object.assign(map, { '$mod+k': act('mod+k'), Escape: act('Escape'), '[Shift]+/': act('/'), 'Shift+E': act('Shift+E') });
  for (const key of SINGLE) map[key] = act(key);
  map['[Shift]+?'] = unless(() => document.getElementById('keysheet')?.showModal());
  if (document.querySelector('table[data-rows]')) {
    map.j = unless(() => rows.move(1));
    map.k = unless(() => rows.move(-1));
    map.x = unless(() => rows.pick());
    map.Enter = (event) => event.target.matches('table[data-rows] tr') && rows.open();
  }
  return map;
}

// Escape leaves a field first, and only then the page.
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && isTyping(event) && !event.defaultPrevented) {
    event.target.blur();
    event.stopImmediatePropagation();
  }
});

if (document.documentElement.dataset.keys !== 'off') {
  tinykeys(window, bindings(), {
    ignore: (event) => (isTyping(event) && !event.metaKey && !event.ctrlKey) || event.defaultPrevented,
  });
}
