// Requests as they come in; and the life of one.
import {get} from './api.js';
import {addressOf} from './budgets.js';
import {badge, empty, field, figures, h, Region} from './dom.js';
import {clock, count, date, millis, moment, named, short, usd} from './format.js';

export const title = 'Requests';

const AGAIN = 2_000;
const ROWS = 200;

export function mount(root, rest, change) {
  return rest ? one(root, rest) : live(root, change);
}

/** Rows of one request together, newest request first. */
function byRequest(rows) {
  const requests = new Map();
  for (const row of rows) {
    if (!requests.has(row.request)) requests.set(row.request, []);
    requests.get(row.request).push(row);
  }
  return [...requests.values()].map((attempts) => attempts.sort((a, b) => a.attempt - b.attempt));
}

const sum = (rows, key) => rows.reduce((total, row) => total + Number(row[key]), 0);

/** Rows that no client waited for: verification, shadow and the like are told apart. */
const answer = (attempts) => attempts.findLast((row) => !['shadow', 'verify', 'judge', 'embedding'].includes(row.cause)) ?? attempts.at(-1);

function verdict(row) {
  if (row.status >= 400) return badge(`${row.status}${row.rule ? ` ${row.rule}` : ''}`, row.status < 500 && row.status !== 429 ? 'warn' : 'bad');
  if (row.ending === 'completed') return badge(row.status || 'booked', row.status ? 'good' : 'quiet');
  return badge(row.ending.replaceAll('_', ' '), 'bad');
}

function live(root, change) {
  let choices = new URLSearchParams();
  let timer = null;
  let newest = '';
  const region = new Region();
  const state = h('p', {class: 'sub'});
  const needle = h('input', {type: 'search', placeholder: 'Team, model, status', oninput: () => filter()});
  const pause = h('button', {type: 'button', 'aria-pressed': 'false', onclick: () => {
    pause.setAttribute('aria-pressed', String(pause.getAttribute('aria-pressed') !== 'true'));
    say();
  }}, 'Pause');
  root.append(
    h('div', {class: 'head'}, h('div', {}, h('h1', {}, title), state), h('div', {class: 'controls'}, field('Find', needle), pause)),
    region.element);

  const isPaused = () => pause.getAttribute('aria-pressed') === 'true';
  const before = () => choices.get('before');
  /** New rows must not move what someone is about to follow. */
  const isHeld = () => isPaused() || before() || region.element.querySelector('tbody')?.matches(':hover, :focus-within');

  function say() {
    state.textContent = before() ? 'Older requests' : isPaused() ? 'Paused' : 'Live: new ones appear by themselves, and wait while you are in the list';
  }

  function filter() {
    const text = needle.value.trim().toLowerCase();
    region.element.querySelectorAll('tbody tr').forEach((row) => { row.hidden = text !== '' && !row.textContent.toLowerCase().includes(text); });
  }

  function draw({requests}) {
    newest = requests[0]?.id ?? '';
    if (!requests.length) {
      return before() ? empty('No older requests', 'The ledger keeps rows as long as ledger.retain says.') : empty('No request yet', 'Requests appear here as soon as they have ended.');
    }
    requestAnimationFrame(filter);
    const older = new URLSearchParams(choices);
    older.set('before', requests.at(-1).id);
    return [
      list(byRequest(requests)),
      h('p', {class: 'pages'},
        before() ? h('a', {href: '#/requests'}, 'Newest') : null,
        requests.length === ROWS ? h('a', {href: `#/requests?${older}`}, 'Older') : null),
    ];
  }

  async function again() {
    if (document.hidden || isHeld()) return;
    const [first] = (await get('requests', {limit: 1})).requests;
    if ((first?.id ?? '') !== newest && !isHeld()) region.fill(() => get('requests', {limit: ROWS}), draw);
  }

  return {
    update(now) {
      choices = now;
      say();
      pause.hidden = Boolean(before());
      region.fill(() => get('requests', {limit: ROWS, before: before()}), draw);
      clearInterval(timer);
      timer = setInterval(() => again().catch(() => { state.textContent = 'The gateway does not answer; trying again'; }), AGAIN);
    },
    stop() {
      clearInterval(timer);
      region.stop();
    },
  };
}

const isToday = (time) => date(time) === date(Date.now());

function list(requests) {
  const heads = [['Ended'], ['Status'], ['Caller'], ['Asked for'], ['Answered by'], ['Cache'], ['Attempts', true], ['Latency', true], ['Cost', true]];
  return h('div', {class: 'table tight'}, h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Requests'}, h('table', {},
    h('caption', {class: 'unseen'}, 'Requests, newest first'),
    h('thead', {}, h('tr', {}, heads.map(([text, numeric]) => h('th', {scope: 'col', class: numeric ? 'number' : null}, text)))),
    h('tbody', {}, requests.map((attempts) => {
      const last = answer(attempts);
      return h('tr', {},
        h('th', {scope: 'row'}, h('a', {href: `#/requests/${last.request}`, title: date(last.time)}, isToday(last.time) ? clock(last.time) : moment(last.time))),
        h('td', {}, verdict(last)),
        h('td', {}, named(last.team), h('span', {class: 'zero'}, last.app ? ` / ${last.app}` : '')),
        h('td', {}, last.asked || h('span', {class: 'zero'}, last.cause)),
        h('td', {}, last.provider ? `${last.provider}/${last.model}` : h('span', {class: 'zero'}, '–')),
        h('td', {}, ['off', 'miss'].includes(last.cache) ? h('span', {class: 'zero'}, last.cache) : badge(last.cache, 'good')),
        h('td', {class: 'number'}, last.attempt === 0 ? h('span', {class: 'zero'}, '0') : count(attempts.filter((row) => row.attempt > 0).length)),
        h('td', {class: 'number'}, millis(Math.max(...attempts.map((row) => row.latency_ms)))),
        h('td', {class: 'number'}, sum(attempts, 'cost_usd') === 0 ? h('span', {class: 'zero'}, '0') : usd(sum(attempts, 'cost_usd'), 6)));
    })))));
}

function one(root, id) {
  const region = new Region();
  root.append(
    h('p', {class: 'back'}, h('a', {href: '#/requests'}, '← All requests')),
    h('div', {class: 'head'}, h('div', {}, h('h1', {}, 'The life of a request'), h('p', {class: 'sub'}, h('code', {}, id)))), region.element);
  const read = async () => {
    const request = await get(`requests/${encodeURIComponent(id)}`);
    return {attempts: request.attempts, content: request.content};
  };
  return {
    update: () => region.fill(read, ({attempts, content}) => life(attempts, content)),
    stop: () => region.stop(),
  };
}

function life(attempts, content) {
  const last = answer(attempts);
  const cost = sum(attempts, 'cost_usd');
  const saved = sum(attempts, 'saved_usd') - sum(attempts, 'premium_usd');
  return [
    figures([
      ['Outcome', verdict(last), last.error || last.ending.replaceAll('_', ' ')],
      ['Cost', usd(cost), last.usage_source === 'estimated' ? 'usage is estimated' : null, 'main'],
      ['Saved', usd(saved), null],
      ['Latency', millis(Math.max(...attempts.map((row) => row.latency_ms))), last.first_token_ms === null ? null : `first content after ${millis(last.first_token_ms)}`],
      ['In the gateway', millis(sum(attempts, 'overhead_ms')), 'upstream left out'],
      ['Ended', clock(last.time), `${date(last.time)}, UTC`],
    ]),
    h('ol', {class: 'life'},
      stage('Identity', who(last)),
      stage('Cache', cacheWords(attempts)),
      stage('Decision', decision(attempts, last)),
      stage('Budgets', charges(attempts, last)),
      stage('Attempts', timeline(attempts)),
      stage('Cost', costs(attempts, cost)),
      content ? stage('Content', said('Request', content.request, content.request_bytes), said('Answer', content.response, content.response_bytes)) : null),
  ];
}

/** Redacted by the gateway; shown as text, whatever it says. */
function said(name, text, bytes) {
  return h('details', {class: 'said'}, h('summary', {}, name, h('span', {class: 'zero'}, ` ${count(bytes)} bytes, redacted`)),
    h('pre', {tabindex: 0, 'aria-label': name}, typeof text === 'string' ? text : JSON.stringify(text, null, 2)));
}

const stage = (name, ...content) => h('li', {}, h('h2', {}, name), h('div', {}, content));
const facts = (lines) => h('dl', {class: 'facts'}, lines.filter(([, text]) => text !== '' && text !== null && text !== undefined).map(([name, text]) => h('div', {}, h('dt', {}, name), h('dd', {}, text))));

function who(row) {
  const metadata = Object.entries(row.metadata).map(([name, value]) => `${name}: ${value}`).join(', ');
  return facts([['Key', row.key], ['Team', named(row.team)], ['App', row.app], ['User', row.user], ['End user', row.end_user], ['Session', row.session], ['Metadata', metadata]]);
}

function cacheWords(attempts) {
  const words = {
    off: 'Not asked: no cache rule holds for this call, or it said no.',
    miss: 'Asked; nothing fitted.',
    exact: 'The same call had been answered before: that answer was served, nothing went upstream.',
    semantic: 'An answer to a question that means the same was served; nothing went upstream.',
    joined: 'The same call was already under way: this one got its answer.',
    replayed: 'The stored answer of the same Idempotency-Key was served again.',
  };
  const verdicts = [...new Set(attempts.map((row) => row.cache))];
  const word = verdicts.find((one) => !['off', 'miss'].includes(one)) ?? (verdicts.includes('miss') ? 'miss' : 'off');
  return h('p', {}, badge(word, ['off', 'miss'].includes(word) ? 'quiet' : 'good'), ' ', words[word]);
}

function decision(attempts, last) {
  return facts([['Asked for', last.asked], ['Endpoint', last.endpoint], ['Matched', last.route],
    ['Went to', attempts.filter((row) => row.provider).map((row) => `${row.provider}/${row.model}`).join(', then ')],
    ['Why', last.reason], ['Refused by', last.rule]]);
}

function charges(attempts, last) {
  const all = attempts.flatMap((row) => row.charges.map((charge) => ({...charge, attempt: row.attempt})));
  if (!all.length) return h('p', {}, last.rule && last.status === 402 ? `Refused by ${last.rule}: nothing was reserved.` : 'No budget was charged.');
  return h('ul', {class: 'plain'}, all.map((charge) => h('li', {},
    h('a', {href: addressOf(charge)}, charge.budget),
    charge.subject ? ` of ${charge.subject}` : '', ': ', charged(charge),
    attempts.length > 1 ? h('span', {class: 'zero'}, ` (attempt ${charge.attempt})`) : null)));
}

/** A budget that has another unit, or is gone, leaves charges of which only the number is known. */
function charged({amount, unit}) {
  if (unit === 'nano_usd') return usd(amount / 1e9, 6);
  return unit === 'tokens' ? `${count(amount)} tokens` : `${count(amount)} (the budget has changed: USD × 10⁻⁹ or tokens)`;
}

function timeline(attempts) {
  const starts = attempts.map((row) => Date.parse(row.time) - row.latency_ms);
  const from = Math.min(...starts);
  const whole = Math.max(1, Math.max(...attempts.map((row) => Date.parse(row.time))) - from);
  const at = (ms) => `${(100 * ms) / whole}%`;
  return h('ul', {class: 'attempts'}, attempts.map((row, i) => h('li', {},
    h('p', {}, h('strong', {}, row.attempt === 0 ? 'No attempt' : `${row.attempt}. ${row.provider}/${row.model}`), ' ', verdict(row), ' ',
      h('span', {class: 'zero'}, [row.cause === 'request' ? null : row.cause, row.error, row.waste === 'none' ? null : `wasted (${row.waste})`].filter(Boolean).join(', '))),
    h('div', {class: 'track', 'aria-hidden': 'true'},
      h('span', {class: `run${row.status >= 400 ? ' failed-run' : ''}`, style: {left: at(starts[i] - from), width: at(Math.max(row.latency_ms, whole / 200))}}),
      row.first_token_ms === null ? null : h('span', {class: 'first', style: {left: at(starts[i] - from + row.first_token_ms)}})),
    h('p', {class: 'note'}, [
      `${millis(row.latency_ms)}`,
      row.first_token_ms === null ? null : `first content after ${millis(row.first_token_ms)}`,
      ...Object.entries(row.usage).map(([meter, quantity]) => `${short(quantity)} ${meter.replaceAll('_', ' ')}`),
      Number(row.cost_usd) === 0 ? 'no cost' : usd(row.cost_usd, 6),
    ].filter(Boolean).join(' · ')))));
}

function costs(attempts, cost) {
  const overhead = sum(attempts.filter((row) => ['shadow', 'verify', 'judge', 'embedding'].includes(row.cause)), 'cost_usd');
  const wasted = sum(attempts.filter((row) => row.waste !== 'none'), 'cost_usd');
  const list = sum(attempts, 'list_usd');
  return facts([['All attempts', usd(cost, 6)], ['At list price', list === cost ? null : usd(list, 6)], ['Overhead', overhead ? usd(overhead, 6) : null], ['Wasted', wasted ? usd(wasted, 6) : null],
    ['Usage', [...new Set(attempts.map((row) => row.usage_source))].filter((source) => source !== 'none').join(', ')],
    ['Prices', [...new Set(attempts.map((row) => row.price_version).filter(Boolean))].join(', ')]]);
}
