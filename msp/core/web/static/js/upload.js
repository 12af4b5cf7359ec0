// Files are sent as soon as they are chosen or dropped, with progress; the form then carries their ids only.
// Without script, or without data-upload, the plain input sends them with the form.
import { listen, meta } from './dom.js';
import { toast } from './dialog.js';
import { fileSize } from './words.js';

listen('click', '[data-pick]', (_event, button) => button.closest('form').querySelector('input[type="file"]').click());

listen('change', '[data-files] input[type="file"]', (_event, input) => {
  const box = input.closest('[data-files]');
  if (!box.dataset.upload) return list(box, [...input.files]);
  take(box, [...input.files]);
  input.value = '';
});

for (const type of ['dragover', 'dragleave', 'drop']) {
  listen(type, 'form:has([data-files])', (event, form) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    const box = form.querySelector('[data-files]');
    box.toggleAttribute('data-over', type === 'dragover');
    if (type !== 'drop') return;
    if (box.dataset.upload) return take(box, [...event.dataTransfer.files]);
    const input = box.querySelector('input[type="file"]');
    input.files = event.dataTransfer.files;
    list(box, [...input.files]);
  });
}

// A form waits for files that are still on their way, then goes by itself with the button that was pressed; where one is
// refused it stays, so that nothing is sent without it unseen.
const pressed = new WeakMap();
const isBusy = (form) => !!form.querySelector('[data-filelist] progress');

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!isBusy(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!pressed.has(form)) toast('Sent as soon as the files have arrived');
  pressed.set(form, event.submitter);
}, true);

function settle(form, isRefused) {
  if (!pressed.has(form) || (isBusy(form) && !isRefused)) return;
  const button = pressed.get(form);
  pressed.delete(form);
  if (!isRefused) form.requestSubmit(button);
}

function line(file) {
  const item = document.createElement('li');
  const name = Object.assign(document.createElement('span'), { className: 'clip', textContent: file.name });
  const size = Object.assign(document.createElement('span'), { className: 'muted', textContent: fileSize(file.size) });
  item.append(document.createElement('span'), name, size, document.createElement('span'));
  return item;
}

function list(box, files) {
  box.querySelector('[data-filelist]').replaceChildren(...files.map(line));
}

function take(box, files) {
  const shelf = box.querySelector('[data-filelist]');
  const most = +box.dataset.maxFiles || Infinity, largest = +box.dataset.maxBytes || Infinity;
  for (const file of files) {
    if (shelf.children.length >= most) return toast(`At most ${most} files`);
    if (file.size > largest) {
      toast(`${file.name} is larger than ${fileSize(largest)}`);
      continue;
    }
    const item = line(file);
    shelf.append(item);
    send(box, file, item);
  }
}

function send(box, file, item) {
  const form = box.closest('form');
  const request = new XMLHttpRequest();  // fetch tells no progress of what is sent
  const progress = Object.assign(document.createElement('progress'), { max: 1, value: 0, ariaLabel: file.name });
  item.lastChild.replaceWith(progress);
  request.upload.onprogress = (event) => { progress.value = event.loaded / event.total; };
  request.onload = () => {
    const answer = safely(request.responseText);
    if (request.status >= 300) return refuse(item, answer?.detail || answer?.title || 'Not accepted', form);
    const id = Object.assign(document.createElement('input'), { type: 'hidden', name: 'attachment', value: answer.id });
    const drop = Object.assign(document.createElement('button'), { type: 'button', className: 'btn btn-quiet btn-sm', textContent: 'Remove' });
    drop.onclick = () => item.remove();
    progress.replaceWith(drop);
    item.append(id);
    id.hidden = true;
    settle(form, false);
  };
  request.onerror = () => refuse(item, 'Not sent', form);
  request.open('POST', box.dataset.upload);
  request.setRequestHeader('X-CSRFToken', meta('csrf-token'));
  request.setRequestHeader('Accept', 'application/json');
  const body = new FormData();
  body.append('file', file);
  request.send(body);
}

function refuse(item, why, form) {
  item.lastChild.remove();
  item.append(Object.assign(document.createElement('span'), { className: 't-bad', textContent: why }));
  setTimeout(() => item.remove(), 8000);
  settle(form, true);
}

function safely(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
