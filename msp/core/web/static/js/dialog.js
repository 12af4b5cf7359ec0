// Dialogs, menus, toasts and small courtesies of forms. Everything here also works, plainly, without script.
import { listen } from './dom.js';

listen('click', '[data-dialog]', (event, opener) => {
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog) return;
  event.preventDefault();
  opener.closest('[popover]')?.hidePopover();
  dialog.showModal();
});

listen('click', 'dialog [data-close]', (event, closer) => {
  event.preventDefault();
  closer.closest('dialog').close();
});

// A press on the backdrop lands on the dialog itself.
document.addEventListener('click', (event) => {
  if (event.target instanceof HTMLDialogElement) event.target.close();
  for (const menu of document.querySelectorAll('details.menu-btn[open]')) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  const menu = document.querySelector('details.menu-btn[open]');
  if (menu) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});

// <form data-confirm="id"> asks by the dialog first; its submit button there lets the form go.
const allowed = new WeakSet();
listen('submit', 'form[data-confirm]', (event, form) => {
  const dialog = document.getElementById(form.dataset.confirm);
  if (!dialog || allowed.has(form)) return;
  event.preventDefault();
  dialog.showModal();
  dialog.querySelector('[data-go]').addEventListener('click', () => {
    allowed.add(form);
    dialog.close();
    form.requestSubmit(event.submitter);
  }, { once: true });
}, true);

// A second press while the first is on its way sends nothing twice.
const sent = new WeakSet();
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post' || form.matches('[hx-post]')) return;
  if (event.submitter?.getAttribute('aria-disabled') === 'true' || sent.has(form)) return event.preventDefault();
  sent.add(form);
  setTimeout(() => sent.delete(form), 4000);
});

listen('change', ':is(select, input, textarea)[data-submit]', (_event, control) => control.form.requestSubmit());
listen('keydown', 'textarea[data-submit]', (event, control) => {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  control.blur();
});

listen('click', '[data-reveal]', (_event, button) => {
  const input = document.getElementById(button.dataset.reveal);
  const shown = input.type === 'password';
  input.type = shown ? 'text' : 'password';
  button.setAttribute('aria-pressed', String(shown));
});

listen('click', '[data-copy]', async (_event, button) => {
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  button.querySelector('span').textContent = button.dataset.copied || '✓';
});

function dismissLater(toast) {
  const leave = () => setTimeout(() => (toast.matches(':hover, :focus-within') ? leave() : toast.remove()), 7000 + 3000 * !!toast.querySelector('form'));
  leave();
}

/** Take care of what a page or a fragment brings with it. */
export function welcome(root) {
  for (const button of root.querySelectorAll('[data-reveal]')) button.hidden = false;
  root.querySelector('[data-focus-now]')?.focus();
  for (const dialog of root.querySelectorAll('dialog[data-open]')) dialog.showModal();
  for (const toast of root.querySelectorAll('[data-toast]')) dismissLater(toast);
}

/** One line at the foot of the page. */
export function toast(text) {
  const box = document.createElement('div');
  box.className = 'toast';
  box.append(Object.assign(document.createElement('span'), { textContent: text }));
  document.getElementById('toasts').append(box);
  dismissLater(box);
}

welcome(document);
document.addEventListener('htmx:after:swap', (event) => welcome(event.detail?.ctx?.target ?? document));
