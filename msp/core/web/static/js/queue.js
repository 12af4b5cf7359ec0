// The queue's counts follow what happens: those of the views in the navigation and the one beside the title.
const AT_MOST_EVERY = 5000;
let waits = false;

function show(element, number) {
  if (element && number !== null && element.textContent !== String(number)) element.textContent = number;
}

async function count() {
  waits = false;
  const url = new URL('/queue/counts', location.href);
  url.search = location.search;
  const answer = await fetch(url, { credentials: 'same-origin', headers: { Accept: 'application/json' } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const { views, here } = await answer.json();
  for (const item of document.querySelectorAll('a.nav-item')) {
    const query = new URL(item.href).searchParams.get('q');
    if (query in views) show(item.querySelector('.n'), views[query]);
  }
  show(document.querySelector('.bar .badge'), here);
}

document.addEventListener('live:change', ({ detail }) => {
  if (waits || document.hidden || (detail.kind !== 'reset' && !detail.topics?.includes('ticket'))) return;
  waits = true;
  setTimeout(count, AT_MOST_EVERY);
});
