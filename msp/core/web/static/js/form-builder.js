// The builder of a request form: its steps without leaving the page, parts dragged to their place, a preview that follows what is
// typed. The page is drawn by the server each time; without this, every button is a round trip.
//
//   #fb is the builder inside the page's form, #fb-look the preview; a step is a button [name=step]. [data-builder-turn] redraws
//   when it is changed, [data-builder-grip] takes hold of its [data-builder-part], [data-builder-row] is a row of options.
import { debounce, fragment, listen, post } from './dom.js';

const CONTROLS = 'input:not([type=hidden]), select, textarea';
const builder = () => document.getElementById('fb');
const isPicked = (control) => /^(checkbox|radio)$/.test(control.type);
const told = (control) => (isPicked(control) ? control.checked : control.value);
/** What every control of the builder says, by what it is called. */
const controls = (root) => new Map([...root.querySelectorAll(CONTROLS)].map((each) => [isPicked(each) ? `${each.name}=${each.value}` : each.id, each]));
const state = (root) => new Map([...controls(root)].map(([key, control]) => [key, told(control)]));
let queue = Promise.resolve();

/** Send the form as it is, with this step, and draw what comes back; one after the other, so that none overtakes another. */
function take(step, focus) {
  queue = queue.then(() => ask(step, focus)).catch(() => {});
  return queue;
}

async function ask(step, focus) {
  const form = builder().closest('form'), data = new FormData(form), sent = state(builder());
  data.set('look', '1');
  if (step) data.set('step', step);
  const answer = await post(form.action, new URLSearchParams(data), { headers: { Accept: 'text/html' } });
  const page = fragment(await answer.text()), fresh = page.getElementById('fb'), look = page.getElementById('fb-look');
  if (!answer.ok || !fresh) {
    if (step) byHand(form, step);
    return;
  }
  if (look) drawLook(look);
  drawAsked(page, form);
  if (step) drawBuilder(fresh, sent, focus);
}

/** What script could not do, the page does. */
function byHand(form, step) {
  const button = document.createElement('button');
  Object.assign(button, { name: 'step', value: step, hidden: true, formNoValidate: true });
  form.append(button);
  form.requestSubmit(button);
}

function drawBuilder(fresh, sent, focus) {
  const old = builder(), since = [...state(old)].filter(([key, said]) => sent.get(key) !== said), drawn = controls(fresh);
  const open = [...old.querySelectorAll('details[open]')].map((each) => each.id), active = document.activeElement?.id;
  old.replaceWith(fresh);
  for (const id of open) {
    const again = document.getElementById(id);
    if (again && !again.closest('.is-gone')) again.open = true;
  }
  for (const [key, said] of since) { // what was typed while the answer was on its way
    const again = drawn.get(key);
    if (again) again[isPicked(again) ? 'checked' : 'value'] = said;
  }
  const said = document.querySelector('[data-builder-said]');
  if (said) said.textContent = fresh.dataset.said;
  const target = focus?.(fresh) ?? document.getElementById(active);
  target?.focus();
}

function drawLook(fresh) {
  const old = document.getElementById('fb-look');
  for (const control of old.querySelectorAll(CONTROLS)) {
    const named = [...fresh.querySelectorAll(CONTROLS)].filter((each) => each.name === control.name);
    const same = isPicked(control) ? named.find((each) => each.value === control.value) : named[0];
    if (!same || same.type === 'file' || same.type !== control.type) continue;
    if (isPicked(control)) same.checked = control.checked;
    else same.value = control.value;
  }
  old.replaceWith(fresh);
  document.dispatchEvent(new Event('form:drawn'));
}

/** What other parts of the page ask of the questions: [data-builder-asked] is a list of them to choose from. */
function drawAsked(page, form) {
  const fresh = page.querySelector('[data-builder-asked]');
  for (const list of fresh ? form.querySelectorAll('[data-builder-asked]') : []) {
    const chosen = list.value;
    list.replaceChildren(...[...fresh.options].map((each) => each.cloneNode(true)));
    list.value = chosen;
    if (list.selectedIndex < 0) list.selectedIndex = 0;
  }
}

const follow = debounce(400, () => take(''));

// --- Steps and typing -----------------------------------------------------------------------------------------------------

listen('click', '#fb button[name=step]', (event, button) => {
  event.preventDefault();
  const [act, name] = button.value.split(':');
  take(button.value, (fresh) => {
    if (act === 'add') return fresh.querySelector('[aria-invalid]') ?? [...fresh.querySelectorAll('[data-builder-label]')].at(-1);
    if (act === 'option') return [...fresh.querySelectorAll(`#fb-${name} [data-builder-row] input[id*="-olabel-"]`)].find((each) => !each.value);
    if (act === 'remove') return document.getElementById(`fb-do-back-${name}`);
    if (act === 'back') return document.getElementById(`fb-do-remove-${name}`);
    return document.getElementById(button.id) ?? fresh.querySelector(`#fb-${name} .fb-acts button`);
  });
});

// Before the page's own form hears of it: that would ask for the tile again, which says nothing of the builder.
listen('input', '#fb :is(input, select, textarea)', (event, control) => {
  event.stopPropagation();
  if ('builderLabel' in control.dataset && control.value.trim()) control.closest('[data-builder-part]').querySelector('[data-builder-name]').textContent = control.value;
  const row = control.closest('[data-builder-row]');
  if (row && control.value && !row.nextElementSibling?.matches('[data-builder-row]')) addRow(row);
  if (!('builderTurn' in control.dataset) && !control.id.startsWith('f-fb-new-')) follow();
}, { capture: true });

listen('change', '#fb [data-builder-turn]', (_event, control) => take(`look:${control.name.split('-')[1]}`));

listen('keydown', '#fb input', (event, input) => {
  if (event.key !== 'Enter' || event.isComposing) return;
  event.preventDefault(); // it would save the item
  if (input.id === 'f-fb-new-label') document.getElementById('fb-do-add').click();
});

function addRow(row) {
  const next = row.cloneNode(true);
  next.querySelectorAll('.btn, .fb-by, .error, [name$="-by_rows"]').forEach((each) => each.remove());
  for (const input of next.querySelectorAll('input')) {
    input.value = '';
    for (const name of ['aria-invalid', 'aria-describedby']) input.removeAttribute(name);
    const place = Number(input.id.match(/\d+$/)?.[0]) + 1;
    input.id = input.id.replace(/\d+$/, place);
    input.ariaLabel = input.ariaLabel?.replace(/\d+/, place + 1) ?? null;
  }
  row.after(next);
}

// --- Dragging -------------------------------------------------------------------------------------------------------------

let dragged = null, home = null;

listen('pointerdown', '[data-builder-grip]', (_event, grip) => { grip.closest('[data-builder-part]').draggable = true; });
listen('pointerup', '[data-builder-part][draggable=true]', (_event, part) => { part.draggable = false; });

listen('dragstart', '[data-builder-part][draggable=true]', (event, part) => {
  [dragged, home] = [part, part.nextElementSibling];
  part.dataset.dragging = '';
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', part.id);
});

listen('dragover', '#fb', (event) => {
  if (!dragged) return;
  event.preventDefault(); // between the parts it can be let go too
  const part = event.target.closest('[data-builder-part]');
  if (!part || part === dragged) return;
  const { top, height } = part.getBoundingClientRect();
  part[event.clientY < top + height / 2 ? 'before' : 'after'](dragged);
});

listen('drop', '#fb', (event) => {
  if (!dragged) return;
  event.preventDefault();
  home = undefined; // it stays where it is
});

addEventListener('dragend', () => {
  if (!dragged) return;
  const part = dragged;
  delete part.dataset.dragging;
  part.draggable = false;
  dragged = null;
  if (home === undefined) take(`moved:${part.id.slice(3)}`);
  else if (home) home.before(part); // let go elsewhere: back to where it was
  else part.parentElement.append(part);
});
