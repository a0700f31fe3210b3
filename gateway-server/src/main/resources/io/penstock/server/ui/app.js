// The shell: which view is shown, the theme, the pulse in the corner. The address holds the state: #/view/rest?choices.
import {get} from './api.js';
import {redraw} from './charts.js';
import {h} from './dom.js';
import {count} from './format.js';
import * as advisor from './view-advisor.js';
import * as budgets from './view-budgets.js';
import * as config from './view-config.js';
import * as health from './view-health.js';
import * as requests from './view-requests.js';
import * as spend from './view-spend.js';

const VIEWS = {spend, budgets, requests, health, advisor, config};
const PULSE_MILLIS = 5_000;
const main = document.getElementById('main');
let shown = null;

function parse() {
  const [path, query] = location.hash.replace(/^#\//, '').split('?');
  const [name, ...rest] = path.split('/');
  return {name: name in VIEWS ? name : 'spend', rest: decodeURIComponent(rest.join('/')), choices: new URLSearchParams(query ?? '')};
}

function show() {
  // A link inside the page, such as "Skip to content".
  if (location.hash && !location.hash.startsWith('#/')) return;
  const {name, rest, choices} = parse();
  const place = rest ? `${name}/${encodeURIComponent(rest)}` : name;
  if (shown?.place !== place) {
    const first = shown === null;
    shown?.view.stop?.();
    main.replaceChildren();
    shown = {place, view: VIEWS[name].mount(main, rest, (changed) => go(place, changed))};
    document.title = `${VIEWS[name].title} · Penstock`;
    mark(name);
    if (!first) {
      main.focus({preventScroll: true});
      scrollTo(0, 0);
    }
  }
  shown.view.update?.(choices);
}

/** Puts choices into the address; the view is told by way of it. */
function go(place, choices) {
  const query = choices.toString();
  location.hash = `#/${place}${query ? `?${query}` : ''}`;
}

function mark(name) {
  document.querySelectorAll('#views a').forEach((link) => {
    if (link.dataset.view === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  });
}

function theme() {
  const button = document.getElementById('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const name = () => { button.textContent = isDark() ? 'Light' : 'Dark'; button.setAttribute('aria-label', `${button.textContent} theme`); };
  const chosen = localStorage.getItem('penstock-theme');
  if (chosen) document.documentElement.dataset.theme = chosen;
  name();
  button.addEventListener('click', () => {
    const next = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    localStorage.setItem('penstock-theme', next);
    name();
    redraw();
  });
  system.addEventListener('change', () => { name(); redraw(); });
}

async function pulse() {
  const place = document.getElementById('pulse');
  let tone = 'good';
  let text;
  try {
    const status = await get('status');
    text = status.ready ? `${count(status.inflight)} in flight` : status.draining ? 'Draining' : 'Not ready';
    if (!status.ready) tone = 'warn';
    if (status.config.problems > 0) {
      text = 'Configuration refused';
      tone = 'bad';
    }
  } catch {
    text = 'No answer';
    tone = 'bad';
  }
  // Told again only when it changes: a screen reader would read it every time.
  if (place.textContent !== text) place.textContent = text;
  place.className = `pulse tone-${tone}`;
}

document.getElementById('views').append(...Object.entries(VIEWS).map(([name, view]) =>
  h('li', {}, h('a', {href: `#/${name}`, 'data-view': name}, view.title))));
theme();
addEventListener('hashchange', show);
show();
pulse();
setInterval(() => { if (!document.hidden) pulse(); }, PULSE_MILLIS);
