// Pictures in the editor of an article: chosen or pasted, sent at once, and shown where the writer is. The panel beside does it plainly.
import { toast } from './dialog.js';
import { fragment, listen, post } from './dom.js';

const box = document.querySelector('[data-pictures]');
const text = document.querySelector('#article textarea[name="body"]');
const input = box?.querySelector('input[type="file"]');
if (box) box.hidden = false;

async function take(file) {
  const body = new FormData();
  body.append('file', file, file.name || 'picture.png');
  const button = box.querySelector('[data-picture-pick]');
  button.disabled = true;
  const answer = await post(box.dataset.pictures, body).catch(() => null);
  button.disabled = false;
  const told = await answer?.json().catch(() => null);
  if (!answer?.ok) return toast(told?.detail || 'The picture was not taken');
  const before = text.value.slice(0, text.selectionStart);
  text.focus();
  text.setRangeText(`${before && !before.endsWith('\n') ? '\n\n' : ''}${told.text}\n`, text.selectionStart, text.selectionEnd, 'end');
  text.dispatchEvent(new Event('input', { bubbles: true }));
  const page = await fetch(location.href, { credentials: 'same-origin' }).catch(() => null);
  const panel = page?.ok && fragment(await page.text()).querySelector('#pictures');
  if (panel) document.getElementById('pictures').replaceWith(panel);
}

listen('click', '[data-picture-pick]', () => input.click());
input?.addEventListener('change', async () => {
  for (const file of input.files) await take(file);
  input.value = '';
});
if (box && text) {
  text.setSelectionRange(text.value.length, text.value.length);
  text.addEventListener('paste', (event) => {
    const file = [...event.clipboardData.files].find((each) => each.type.startsWith('image/'));
    if (!file) return;
    event.preventDefault();
    take(file);
  });
}

// Enter in the field that finds articles finds; it does not save.
listen('keydown', '[data-find]', (event, field) => {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  field.closest('#related').querySelector('button[value="find"]').click();
});

// Whoever moved one stays on its button; where that is gone, he may go on finding.
document.addEventListener('htmx:after:swap', () => {
  if (document.activeElement === document.body) document.getElementById('f-find')?.focus();
});
