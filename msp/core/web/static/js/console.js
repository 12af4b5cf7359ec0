// What every console page loads.
import '../vendor/htmx.js';
import './clock.js';
import './theme.js';
import './dialog.js';
import './upload.js';
import './composer.js';
import './expander.js';
import './rows.js';
import './keys.js';
import './query-bar.js';
import './week-editor.js';
import './live.js';
