// The week's windows as beads that can be dragged; the plain time fields stay the truth, and all there is without script.
//
//   [data-week] holds fieldset[data-day="mon"][data-label="Mon"] with .window > input[name="mon-from"], input[name="mon-to"],
//   a [data-remove] and an [data-add] button, and the picture [data-week-picture] of ui/sla.html.
import { listen } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const DAY = 1440, SNAP = 15, TOP = 36, STEP = 31;

const ROOM = 0.4 / 6.5;  // letters that fit into a minute of a bead, on the narrowest picture

function minutesOf(text) {
  const found = /^(\d{1,2}):(\d\d)$/.exec(text.trim());
  return found ? +found[1] * 60 + +found[2] : null;
}

const clock = (minutes) => `${String(minutes === DAY ? 24 : Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
const percent = (minutes) => `${((minutes / DAY) * 100).toFixed(2)}%`;
const sum = (minutes) => (minutes ? `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}` : 'closed');

function draw(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

/** [{day, label, windows: [{from, to, row}]}]; a close at or before the open is an overnight window and ends past 1440. */
function read(editor) {
  return [...editor.querySelectorAll('fieldset[data-day]')].map((set) => ({
    day: set.dataset.day, label: set.dataset.label, set,
    windows: [...set.querySelectorAll('.window')].map((row) => {
      const [from, to] = [...row.querySelectorAll('input')].map((input) => minutesOf(input.value));
      return from === null || to === null || from === to ? null : { from, to: to <= from ? to + DAY : to, row };
    }).filter(Boolean),
  }));
}

/** Minutes counted once, however windows overlap. */
function counted(windows) {
  let total = 0, end = -1;
  for (const { from, to } of [...windows].sort((a, b) => a.from - b.from)) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}

function render(editor) {
  const picture = editor.querySelector('[data-week-picture]');
  if (!picture) return;
  const svg = picture.querySelector('svg');
  const days = read(editor);
  svg.querySelectorAll('.k-win, .k-new, .k-tail, .k-in, .k-on, .k-note, [data-edge]').forEach((element) => element.remove());
  const sums = picture.querySelectorAll('.t span');
  days.forEach(({ windows }, index) => {
    const y = TOP + STEP * index;
    const before = days[(index + days.length - 1) % days.length];
    for (const late of before.windows.filter(({ to }) => to > DAY)) {
      const end = late.to - DAY, until = `until ${clock(end)}`;
      const note = [`${until}, from ${before.label}`, until].find((text) => text.length <= end * ROOM);
      svg.append(draw('rect', { class: 'k-tail', x: '0.1%', y: y - 8, width: percent(end), height: 16, rx: 4 }));
      if (note) svg.append(draw('text', { class: 'k-note k-hide', x: percent(end / 2), y: y + 4, 'text-anchor': 'middle' }, note));
    }
    windows.forEach((span, place) => bead(svg, span, y, `${index}.${place}`));
    if (sums[index]) sums[index].textContent = sum(counted(windows));
  });
  const total = editor.querySelector('[data-week-total]');
  if (total) total.textContent = sum(days.reduce((all, { windows }) => all + counted(windows), 0));
  svg.setAttribute('aria-label', days.map(({ label, windows }) => `${label} ${windows.map(({ from, to }) => `${clock(from)}–${clock(to)}`).join(', ') || 'closed'}`).join('; '));
}

function bead(svg, { from, to, row }, y, name) {
  const end = Math.min(to, DAY);
  const css = row.hasAttribute('data-new') ? ['k-new', 'k-on'] : ['k-win', 'k-in'];
  svg.append(draw('rect', { class: css[0], x: percent(from), y: y - 8, width: percent(end - from), height: 16, rx: 4, 'data-bead': name }));
  const hours = `${clock(from).slice(0, 2)}–${clock(to).slice(0, 2)}`;
  const labels = to > DAY ? [`${clock(from)} →`, `${clock(from).slice(0, 2)} →`] : [`${clock(from)}–${clock(to)}`, from % 60 || to % 60 ? '' : hours];
  const label = labels.find((text) => text && text.length <= (end - from) * ROOM);
  if (label) svg.append(draw('text', { class: `${css[1]} k-hide`, x: percent((from + end) / 2), y: y + 4, 'text-anchor': 'middle' }, label));
  for (const [edge, at] of [['from', from], ['to', end]]) {
    const holder = draw('svg', { x: percent(at), y: y - 8, overflow: 'visible', 'data-edge': '' });
    holder.append(draw('rect', { 'data-edge': edge, 'data-bead': name, x: -5, width: 10, height: 16 }));
    svg.append(holder);
  }
}

function write(row, from, to) {
  const [opens, closes] = row.querySelectorAll('input');
  opens.value = clock(from);
  closes.value = clock(to);
  opens.dispatchEvent(new Event('input', { bubbles: true }));
}

listen('pointerdown', '[data-week-picture] [data-bead]', (event, handle) => {
  event.preventDefault();
  const editor = handle.closest('[data-week]');
  if (!editor) return;
  const svg = handle.closest('.strip-svg');
  const [day, place] = handle.dataset.bead.split('.');
  const { from, to, row } = read(editor)[day].windows[place];
  const edge = handle.dataset.edge, scale = DAY / svg.getBoundingClientRect().width, started = event.clientX;
  const drag = (moved) => {
    const shift = Math.round(((moved.clientX - started) * scale) / SNAP) * SNAP;
    if (edge === 'from') write(row, Math.min(Math.max(0, from + shift), to - SNAP), to);
    else if (edge === 'to') write(row, from, Math.min(Math.max(from + SNAP, to + shift), from + DAY - SNAP));
    else write(row, Math.min(Math.max(0, from + shift), DAY - SNAP), Math.min(Math.max(0, from + shift), DAY - SNAP) + to - from);
  };
  addEventListener('pointermove', drag);
  addEventListener('pointerup', () => removeEventListener('pointermove', drag), { once: true });
});

listen('click', '[data-week] [data-add]', (event, button) => {
  event.preventDefault();
  const set = button.closest('fieldset');
  const row = set.querySelector('.window').cloneNode(true);
  row.dataset.new = '';
  row.querySelectorAll('input').forEach((input) => { input.value = ''; input.removeAttribute('id'); input.removeAttribute('aria-invalid'); });
  row.querySelector('.error')?.remove();
  button.before(row);
  row.querySelector('input').focus();
});

listen('click', '[data-week] [data-remove]', (event, button) => {
  const editor = button.closest('[data-week]');
  event.preventDefault();
  const row = button.closest('.window');
  if (row.parentElement.querySelectorAll('.window').length > 1) row.remove();
  else row.querySelectorAll('input').forEach((input) => { input.value = ''; });
  render(editor);
});

listen('input', '[data-week] .window input', (_event, input) => render(input.closest('[data-week]')));

document.querySelectorAll('[data-week]').forEach((editor) => editor.querySelector('[data-week-picture]') && render(editor));
