// <sla-chip> ticks from the server's deadline and clock; <time data-when> and <time data-age> stay true as the day goes on.
import { now, pageZone } from './dom.js';
import { ageWords, compactWords, dueWords, whenWords } from './words.js';

const LOOKS = { over: 'alert-circle' };
class SlaChip extends HTMLElement {
  connectedCallback() {
    this.started = now();
    chips.add(this);
    this.tick();
  }

  disconnectedCallback() {
    chips.delete(this);
  }

  tick() {
    const text = this.words(now());
    const label = this.querySelector('span');
    if (text && label && label.textContent !== text) label.textContent = text;
  }

  words(present) {
    const { state, due, breach, over, until, since, tz } = this.dataset;
    const zone = tz || pageZone();
    if (state === 'breached') {
      // Working time grows only while the window that was open at rendering lasts.
      const grown = until ? Math.max(0, Math.min(present, Date.parse(until)) - this.started) : 0;
      if (over !== undefined) return `Overdue ${compactWords(over * 1000 + grown)}`;
      return due ? `Overdue ${compactWords(present - Date.parse(due))}` : '';
    }
    if (state === 'paused') return since === undefined ? '' : `Paused ${compactWords(since * 1000 + present - this.started)}`;
    if (!due || (state !== 'on_track' && state !== 'at_risk')) return '';
    const breaches = breach ? Date.parse(breach) : Date.parse(due);
    if (present >= breaches && breach) return this.become('over', `Overdue ${compactWords(present - breaches)}`);
    return dueWords(Date.parse(due), breaches, present, zone);
  }

  become(look, text) {
    if (this.dataset.sla !== look) {
      this.dataset.sla = look;
      const use = this.querySelector('use');
      use?.setAttribute('href', use.getAttribute('href').replace(/#.*/, `#${LOOKS[look]}`));
    }
    return text;
  }
}

const chips = new Set();
customElements.define('sla-chip', SlaChip);

function sayTimes() {
  const present = now();
  for (const element of document.querySelectorAll('time[data-when], time[data-age]')) {
    const at = Date.parse(element.dateTime);
    const zone = element.dataset.when || pageZone();
    const text = 'age' in element.dataset ? ageWords(at, present) : whenWords(at, present, zone);
    if (element.textContent !== text) element.textContent = text;
  }
}

let minute = Math.floor(now() / 60_000);
setInterval(() => {
  if (document.hidden) return;
  for (const chip of chips) chip.tick();
  const current = Math.floor(now() / 60_000);
  if (current !== minute) {
    minute = current;
    sayTimes();
  }
}, 1000);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  for (const chip of chips) chip.tick();
  sayTimes();
});
