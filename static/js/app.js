// Everything the pages share. Each module listens on the document, so parts swapped in by htmx need no wiring of their own.
import "./theme.js";
import "./toasts.js";
import "./polling.js";
import "./times.js";
import "./counters.js";
import "./drafts.js";
import "./composer.js";
import "./pictures.js";
import "./dialogs.js";
import "./shortcuts.js";
import "./player.js";
