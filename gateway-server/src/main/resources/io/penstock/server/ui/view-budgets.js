// Every budget counter, the tightest first; and one of them with its burn-down.
import {get} from './api.js';
import {addressOf, counter, counters, meanEnd, outlook, resetText, show, subjectOf, toneOf, usedText} from './budgets.js';
import {lines} from './charts.js';
import {badge, choice, empty, field, figures, h, Region} from './dom.js';
import {amount, amountText, count, date, moment, percent, places, span} from './format.js';
import {share, table} from './table.js';

export const title = 'Budgets';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const AGAIN = 30_000;

export function mount(root, rest, change) {
  return rest ? one(root, rest) : all(root, change);
}

function all(root, change) {
  const region = new Region();
  let choices = new URLSearchParams();
  const names = choice([['', 'All budgets']], (value) => {
    const next = new URLSearchParams(choices);
    if (value) next.set('budget', value);
    else next.delete('budget');
    change(next);
  });
  root.append(
    h('div', {class: 'head'},
      h('div', {}, h('h1', {}, title), h('p', {class: 'sub'}, 'Counters whose window is open, as reserved and settled right now')),
      h('div', {class: 'controls'}, field('Budget', names))),
    region.element);
  return {
    update(now) {
      choices = now;
      region.fill(counters, ({states, more}) => {
        const known = [...new Set(states.map((state) => state.budget))].sort();
        names.replaceChildren(h('option', {value: ''}, 'All budgets'), ...known.map((name) => h('option', {value: name}, name)));
        names.value = now.get('budget') ?? '';
        return drawAll(names.value ? states.filter((state) => state.budget === names.value) : states, more);
      });
    },
    stop: () => region.stop(),
  };
}

function drawAll(states, more) {
  if (!states.length) {
    return empty('No budget has been used in its window', 'Budgets are declared in the configuration and start to count with the first call:',
      h('code', {}, 'budgets: [{ name: developer-daily, per: user, limit: 10 USD, every: day }]'));
  }
  const ends = new Map(states.map((state) => [state, outlook(state, meanEnd(state))]));
  const over = states.filter((state) => state.used >= 1).length;
  const near = states.filter((state) => state.used >= 0.8 && state.used < 1).length;
  const early = states.filter((state) => ends.get(state).tone === 'warn').length;
  const largest = Math.max(...states.filter((state) => state.unit === 'USD').map((state) => state.limit ?? state.spent), 0);
  const decimals = largest >= 0.1 ? 2 : places(largest);
  const columns = [
    {key: 'budget', label: 'Budget', value: (state) => state.budget, cell: (state) => h('a', {href: addressOf(state)}, state.budget)},
    {key: 'subject', label: 'Of', value: subjectOf, cell: subjectOf},
    {key: 'used', label: 'Used', numeric: true, value: (state) => state.used ?? -1, cell: (state) => share(state.used ?? 0, usedText(state), toneOf(state.used))},
    {key: 'spent', label: 'Spent', numeric: true, value: (state) => state.spent, cell: (state) => show(state.spent, state, decimals)},
    {key: 'limit', label: 'Limit', numeric: true, value: (state) => state.limit, cell: (state) => show(state.limit, state, decimals)},
    {key: 'held', label: 'Held', numeric: true, value: (state) => state.held, cell: (state) => (state.held === 0 ? h('span', {class: 'zero'}, '0') : show(state.held, state, decimals))},
    {key: 'end', label: 'Expected', value: (state) => ends.get(state).text, cell: (state) => badge(ends.get(state).text, ends.get(state).tone)},
    {key: 'resets', label: 'Resets', numeric: true, value: (state) => state.resets ?? Infinity, cell: resetText},
  ];
  return [
    figures([
      ['Counters', count(states.length), `of ${count(new Set(states.map((state) => state.budget)).size)} budgets`],
      ['Used up', count(over), 'calls are refused, warned or redirected', over ? 'bad' : null],
      ['Above 80%', count(near), null, near ? 'warn' : null],
      ['Will not last', count(early), 'at the mean pace of their window', early ? 'warn' : null],
    ]),
    table(columns, states, {
      caption: 'Budget counters', sort: 'used', search: 'Find a budget or subject',
      note: more ? 'Only the first 20,000 counters are read here.' : null,
    }),
  ];
}

function one(root, name) {
  const region = new Region();
  const heading = h('h1', {}, name);
  const of = h('p', {class: 'sub'});
  let asked = null;
  const read = async () => {
    const [burn, config] = await Promise.all([
      get(`budgets/${encodeURIComponent(name)}/burn-down`, {subject: asked.get('subject'), override: asked.get('override')}),
      get('config'),
    ]);
    return {burn, rule: (config.effective.budgets ?? []).find((budget) => budget.name === name) ?? {}};
  };
  const fill = () => region.fill(read, ({burn, rule}) => drawOne(burn, rule));
  const timer = setInterval(() => { if (!document.hidden && asked) fill(); }, AGAIN);
  root.append(h('p', {class: 'back'}, h('a', {href: '#/budgets'}, '← All budgets')), h('div', {class: 'head'}, h('div', {}, heading, of)), region.element);
  return {
    update(choices) {
      asked = choices;
      of.textContent = `of ${subjectOf({subject: choices.get('subject') ?? ''})}`;
      fill();
    },
    stop() {
      clearInterval(timer);
      region.stop();
    },
  };
}

function drawOne(burn, rule) {
  const state = counter(burn);
  const end = burn.used_up_at === null ? null : Date.parse(burn.used_up_at);
  const expected = outlook(state, end);
  const pace = amount(burn.per_hour).value;
  const left = state.limit === null ? null : state.limit - state.spent;
  return [
    figures([
      ['Left', show(left, state), state.limit === null ? null : `${percent(1 - state.used, 0)} of ${show(state.limit, state)}`, toneOf(state.used) ?? 'main'],
      ['Spent', show(state.spent, state), `since ${state.since > 0 ? date(state.since) : 'the start'}`],
      ['Held', show(state.held, state), 'for calls under way'],
      ['Pace', `${amountText(pace * 24, state.unit)} a day`, burn.points === null ? 'mean since the start' : burn.step === 'day' ? 'of the last 3 days' : 'of the last 6 hours'],
      ['Expected', expected.text, state.resets !== null && end !== null && end < state.resets ? `${span(state.resets - end)} before it resets` : null, expected.tone],
      ['Resets', state.resets === null ? 'never' : moment(state.resets), state.resets === null ? null : resetText(state)],
    ]),
    state.limit === null ? null : burnDown(state, burn, end, pace),
    definition(rule),
  ];
}

/** What is left over the window: as it was, as it would be in even use, and as it will be at the present pace. */
function burnDown(state, burn, end, pace) {
  const now = Date.now();
  const from = burn.points?.length ? Math.min(Date.parse(burn.points[0].time), Math.max(state.since, 0) || Infinity) : Math.max(state.since, now - 90 * DAY);
  const step = burn.step === 'day' ? DAY : HOUR;
  const to = state.resets ?? Math.min(Math.max(now + (now - from) / 3, end ?? 0), now + 2 * (now - from));
  let left = state.limit;
  const known = [{x: from, y: left}];
  for (const point of burn.points ?? []) {
    left -= amount(point.spent).value;
    known.push({x: Math.min(now, Date.parse(point.time) + step), y: left});
  }
  known.push({x: now, y: state.limit - state.spent});
  const stop = Math.min(to, end ?? to);
  const ahead = [{x: now, y: state.limit - state.spent}, {x: stop, y: Math.max(0, state.limit - state.spent - (pace * (stop - now)) / HOUR)}];
  // The first is drawn on top.
  const series = [
    {name: 'At this pace', points: ahead, colour: 'series-2', dashed: true},
    ...(state.resets === null ? [] : [{name: 'Even use', points: [{x: from, y: state.limit}, {x: to, y: 0}], colour: 'edge', dashed: true}]),
    {name: 'Left', points: known.filter((point) => point.x >= from), colour: 'series-1', fill: 'band'},
  ];
  const words = `${show(state.limit - state.spent, state)} of ${show(state.limit, state)} is left. ${outlook(state, end).text}.`;
  return h('figure', {},
    h('figcaption', {}, h('h2', {}, 'Burn-down'),
      h('ul', {class: 'legend'}, [['s1', 'Left'], ['s2 dashed', 'At this pace'], ...(state.resets === null ? [] : [['s0 dashed', 'Even use']])].map(([mark, text]) =>
        h('li', {}, h('span', {class: `swatch ${mark}`}), text)))),
    lines(`Burn-down: ${words}`, series, (value) => amountText(value, state.unit), (x) => (to - from > 3 * DAY ? date(x).replace(/ \d{4}$/, '') : moment(x)), [from, to]),
    burn.points === null ? h('p', {class: 'note'}, 'How it got there is not known for this counter: its condition would have to be followed through too many calls. The line is its mean.') : null);
}

function definition(rule) {
  const lines = [
    ['Limit', rule.limit ? `${rule.limit} every ${rule.every}` : null],
    ['One counter per', (rule.per ?? []).join(', ') || 'all calls together'],
    ['Counts calls where', rule.when ?? 'any'],
    ['Beyond the limit', rule.over ? [rule.over.action, rule.over.use].filter(Boolean).join(' ') : null],
    ['Tells someone at', (rule.alerts ?? []).join(', ') || 'nobody'],
  ];
  return h('section', {}, h('h2', {}, 'The rule'), h('dl', {class: 'facts'}, lines.filter(([, text]) => text).map(([name, text]) => h('div', {}, h('dt', {}, name), h('dd', {}, text)))));
}
