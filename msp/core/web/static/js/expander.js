// @people and /canned replies while typing: the server sends the list, <text-expander> does the rest.
import '../vendor/text-expander.js';
import { fragment, listen } from './dom.js';

listen('text-expander-change', 'text-expander[data-suggest]', (event, element) => {
  if (!element.dataset.suggest) return;
  const { key, provide, text } = event.detail;
  const url = new URL(element.dataset.suggest, location.href);
  url.search = new URLSearchParams({ key, q: text });
  provide(fetch(url, { credentials: 'same-origin', headers: { 'HX-Request': 'true' } })
    .then((answer) => (answer.ok ? answer.text() : ''))
    .then((html) => {
      const list = fragment(html).querySelector('[role="listbox"]');
      list?.classList.add('menu', 'suggest');
      return { matched: !!list?.querySelector('[role="option"]'), fragment: list };
    }));
});

listen('text-expander-value', 'text-expander', (event) => {
  event.detail.value = event.detail.item.dataset.value ?? event.detail.item.textContent.trim();
});
