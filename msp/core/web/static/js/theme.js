// Light, dark or the system's: at once here, by a cookie for the next page.
import { listen } from './dom.js';

const YEAR = 365 * 86_400;

listen('click', '[data-theme-choice]', (_event, chosen) => {
  const theme = chosen.dataset.themeChoice;
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  for (const button of document.querySelectorAll('[data-theme-choice]')) {
    button.setAttribute('aria-pressed', String(button === chosen));
  }
});
