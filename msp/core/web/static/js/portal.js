// What portal and sign-in pages load; every one of them also works without.
import '../vendor/htmx.js';
import './clock.js';
import './theme.js';
import './dialog.js';
import './live.js';
