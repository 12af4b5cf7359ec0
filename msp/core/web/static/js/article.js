// Pictures in the editor of an article: chosen or pasted, sent at once, and shown where the writer is. The panel beside does it plainly.
import { toast } from './dialog.js';
import { listen, post } from './dom.js';

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
  text.focus();
  text.setRangeText(told.text, text.selectionStart, text.selectionEnd, 'end');
  text.dispatchEvent(new Event('input', { bubbles: true }));
}

listen('click', '[data-picture-pick]', () => input.click());
input?.addEventListener('change', async () => {
  for (const file of input.files) await take(file);
  input.value = '';
});
if (box && text) {
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
