// A request form as it is filled in: what is asked, what is needed, which options stand, what it costs. The rules are those of
// msp/itsm/catalog/forms (conditions.py, values.py, answers.py); the server applies them again, and needs nothing from here.
//
//   [data-request-form="{definition}"][data-prefix] holds [data-part="name"], and boxes [data-box] around parts with one condition.
//   [data-follow="address"] is what happens next, which only the server knows: it is asked once after each pause in answering.
//   [data-order][data-sign][data-once] is what it costs: rows [data-picked] are rewritten, [data-total] is added up.

const NUMBER = /^-?[0-9]{1,12}(\.[0-9]{1,3})?$/, DAY = /^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$/;
const UNKEPT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]/u;
const LONGEST = { text: 300, long_text: 10000 };

const is = (answer, value) => (Array.isArray(answer) ? answer.includes(value) : answer === value);

/** Whether a condition is true of these answers (a Map; what is hidden or empty is absent). */
export function holds(condition, answers) {
  if (condition.all) return condition.all.every((each) => holds(each, answers));
  if (condition.any) return condition.any.some((each) => holds(each, answers));
  const answer = answers.get(condition.field);
  if ('filled' in condition) return (answer !== undefined) === condition.filled;
  if ('is' in condition) return is(answer, condition.is);
  if ('not' in condition) return !is(answer, condition.not);
  if ('in' in condition) return condition.in.some((each) => is(answer, each));
  if (typeof answer !== 'number') return false;
  return 'over' in condition ? answer > condition.over : answer < condition.under;
}

function isDay(text) {
  const day = new Date(`${text}T00:00:00Z`);
  return DAY.test(text) && !Number.isNaN(+day) && day.toISOString().startsWith(text);
}

/** The value of a field as conditions see it, undefined where there is none. `options` are the values that may be picked. */
function value(part, raw, options) {
  if (part.kind === 'multi_choice') {
    const picked = options.filter((each) => raw.includes(each));
    return picked.length ? picked : undefined;
  }
  if (part.kind === 'file') return raw?.length ? raw : undefined;
  const text = (raw ?? '').replaceAll('\r\n', '\n').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
  if (!text) return undefined;
  switch (part.kind) {
    case 'choice': return options.includes(text) ? text : undefined;
    case 'number': return NUMBER.test(text) ? Number(text) : undefined;
    case 'date': return isDay(text) ? text : undefined;
    case 'text': case 'long_text': {
      const longest = Math.min(part.maximum || LONGEST[part.kind], LONGEST[part.kind]);
      return UNKEPT.test(text) ? undefined : [...text].slice(0, longest).join('');
    }
    default: return text;
  }
}

/** The state of the form: shown and needed parts by name, answers (Map), options that stand by part (Map). `raw(part)` reads one. */
export function look(form, raw) {
  const shown = [], needed = [], answers = new Map(), options = new Map();
  let isSectionShown = true;
  for (const part of form.parts) {
    if (part.kind === 'section') isSectionShown = true;
    const isShown = isSectionShown && (!part.show_if || holds(part.show_if, answers));
    if (part.kind === 'section') isSectionShown = isShown;
    const by = part.options_by, key = by && answers.get(by.field);
    const narrowed = by && Object.hasOwn(by.values, key ?? '') ? by.values[key] : null;
    const standing = (part.options ?? []).map((option) => option.value).filter((each) => !narrowed || narrowed.includes(each));
    options.set(part.name, standing);
    if (!isShown) continue;
    shown.push(part.name);
    if (part.kind === 'section' || part.kind === 'note') continue;
    const answer = value(part, raw(part), standing);
    if (answer !== undefined) answers.set(part.name, answer);
    if (part.required || (part.required_if && holds(part.required_if, answers))) needed.push(part.name);
  }
  return { shown, needed, answers, options };
}

/** What picked options cost: [[label, pence]]. */
export function prices(form, answers) {
  return form.parts.flatMap((part) => (part.options ?? [])
    .filter((option) => option.price !== undefined && answers.has(part.name) && is(answers.get(part.name), option.value))
    .map((option) => [option.label, Math.round(Number(option.price) * 100)]));
}

// --- The page -------------------------------------------------------------------------------------------------------------

function rawOf(box, name, part) {
  const controls = [...box.querySelectorAll('input, select, textarea')].filter((control) => control.name === name);
  const picked = controls.filter((control) => !/^(checkbox|radio)$/.test(control.type) || control.checked).map((control) => control.value);
  return part.kind === 'multi_choice' || part.kind === 'file' ? picked.filter(Boolean) : picked[0];
}

/** Options that do not stand are out of sight and not sent, but stay picked: should they stand again, nothing was lost. */
function narrow(box, allowed) {
  for (const option of box.querySelectorAll('[data-option]')) {
    const control = option.matches('option') ? option : option.querySelector('input');
    option.hidden = control.disabled = !allowed.includes(control.value);
    if (control === option && option.selected && option.disabled) {
      option.dataset.was = '';
      option.closest('select').value = '';
    } else if ('was' in option.dataset && !option.disabled) {
      delete option.dataset.was;
      if (!option.closest('select').value) option.selected = true;
    }
  }
}

function apply(root) {
  const form = JSON.parse(root.dataset.requestForm), prefix = root.dataset.prefix ?? '';
  const boxes = new Map([...root.querySelectorAll('[data-part]')].map((box) => [box.dataset.part, box]));
  // What is typed where nothing is asked goes along too: the server drops it, and gives it back where the page comes again.
  const state = look(form, (part) => rawOf(boxes.get(part.name), prefix + part.name, part));
  for (const part of form.parts) {
    const box = boxes.get(part.name);
    box.hidden = !state.shown.includes(part.name);
    if (part.options_by) narrow(box, state.options.get(part.name));
    if (part.required_if) box.querySelectorAll('.opt').forEach((word) => { word.hidden = state.needed.includes(part.name); });
  }
  for (const box of root.querySelectorAll('[data-box]')) box.hidden = !box.querySelector('[data-part]:not([hidden])');
  const order = document.querySelector('[data-order]');
  if (order) sum(order, prices(form, state.answers));
}

function sum(order, picked) {
  const money = (pence) => order.dataset.sign
    + (pence / 100).toLocaleString('en-GB', pence % 100 ? { minimumFractionDigits: 2 } : {});
  const total = order.querySelector('[data-total]');
  order.querySelectorAll('[data-picked]').forEach((row) => row.remove());
  for (const [label, pence] of picked) {
    const row = document.createElement('div'), name = document.createElement('dt'), cost = document.createElement('dd');
    row.dataset.picked = '';
    name.textContent = label;
    cost.textContent = money(pence);
    row.append(name, cost);
    total.before(row);
  }
  const once = picked.reduce((all, [, pence]) => all + pence, Math.round(Number(order.dataset.once || 0) * 100));
  total.querySelector('dd').textContent = money(once);
  total.hidden = !once && 'mayBeFree' in order.dataset;
}

// --- What happens next ------------------------------------------------------------------------------------------------------

const PAUSE = 400; // milliseconds
let waiting, running, told;

/** Everything typed but files, and the answers among it as one text, by which a change is known. */
function sent(root) {
  const all = [...new FormData(root.closest('form'))].filter(([, each]) => typeof each === 'string');
  const answers = all.filter(([name]) => name.startsWith(root.dataset.prefix));
  return { body: new URLSearchParams(all), answers: JSON.stringify(answers) };
}

async function follow(root, region) {
  const { body, answers } = sent(root);
  if (answers === told) return;
  told = answers;
  running?.abort();
  const mine = running = new AbortController();
  try {
    const answer = await fetch(region.dataset.follow, { method: 'POST', body, signal: mine.signal, redirect: 'error' });
    if (!answer.ok) throw new Error(answer.status);
    const made = document.createElement('template');
    made.innerHTML = (await answer.text()).trim();
    if (made.innerHTML !== region.innerHTML.trim()) region.replaceChildren(made.content);
  } catch {
    if (running === mine) told = undefined; // what stands there stays, and the next pause asks again
  }
}

function pause(root) {
  const region = document.querySelector('[data-follow]');
  if (!region) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => follow(root, region), PAUSE);
}

const applyAll = () => document.querySelectorAll('[data-request-form]').forEach(apply);

if (typeof document !== 'undefined') {
  for (const type of ['input', 'change']) {
    document.addEventListener(type, (event) => {
      const root = event.target.closest?.('[data-request-form]');
      if (!root) return;
      apply(root);
      pause(root);
    });
  }
  document.addEventListener('form:drawn', applyAll);
  const root = document.querySelector('[data-follow]') && document.querySelector('[data-request-form]');
  if (root) told = sent(root).answers; // the page came with what happens next for these
  addEventListener('pageshow', () => { // going back fills in what was typed after this has run
    applyAll();
    if (root) pause(root);
  });
  applyAll();
}
