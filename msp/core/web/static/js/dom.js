// The few things every module needs: page facts, delegated events, requests to our own origin.

export const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? '';

const offset = Date.parse(meta('now')) - Date.now() || 0;

/** The server's present in milliseconds, from its clock at the page's rendering. */
export const now = () => Date.now() + offset;

export const pageZone = () => meta('tz') || 'UTC';

/** Call handler(event, element) for events on elements that match, whenever they appear. */
export function listen(type, selector, handler, options) {
  document.addEventListener(type, (event) => {
    const found = event.target instanceof Element && event.target.closest(selector);
    if (found) handler(event, found);
  }, options);
}

/** POST to our own origin with the page's token. */
export function post(url, body, options = {}) {
  return fetch(url, {
    method: 'POST', body, credentials: 'same-origin', ...options,
    headers: { 'X-CSRFToken': meta('csrf-token'), Accept: 'application/json', ...options.headers },
  });
}

/** Server-made HTML as nodes; rows of a table may stand alone. */
export function fragment(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content;
}

export const isVisible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;

export function debounce(wait, work) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), wait);
  };
}
