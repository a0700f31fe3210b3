// Periods as people choose them; days are UTC, as in the ledger.
import {choice, field, h} from './dom.js';
import {date} from './format.js';

const DAY = 86_400_000;
const NAMES = [
  ['today', 'Today'], ['7d', 'Last 7 days'], ['30d', 'Last 30 days'], ['month', 'This month'],
  ['last-month', 'Last month'], ['90d', 'Last 90 days'], ['365d', 'Last 12 months'], ['own', 'From … to …'],
];

const iso = (time) => new Date(time).toISOString().slice(0, 10);

/** What a choice means: {name, from, to, over}; from and to are days, both included. */
export function period(choices) {
  const name = choices.get('period') ?? '30d';
  const now = Date.now();
  const today = iso(now);
  const of = (from, to, over) => ({name, from, to, over});
  if (name === 'today') return of(today, today, 'hour');
  if (name === 'month') return of(`${today.slice(0, 7)}-01`, today, 'day');
  if (name === 'last-month') {
    const last = Date.parse(`${today.slice(0, 7)}-01`) - DAY;
    return of(`${iso(last).slice(0, 7)}-01`, iso(last), 'day');
  }
  if (name === 'own') {
    const from = choices.get('from') ?? iso(now - 29 * DAY);
    const to = choices.get('to') ?? today;
    const days = (Date.parse(to) - Date.parse(from)) / DAY;
    return of(from, to, days < 2 ? 'hour' : days < 120 ? 'day' : 'month');
  }
  const days = Number.parseInt(name, 10) || 30;
  return of(iso(now - (days - 1) * DAY), today, days > 120 ? 'month' : 'day');
}

/** The period in words. */
export function inWords({from, to}) {
  return from === to ? `${date(from)}, UTC` : `${date(from)} to ${date(to)}, UTC`;
}

/** The controls; `change(choices)` gets the changed choices. */
export function periodControls(change) {
  let choices = new URLSearchParams();
  const send = (edit) => {
    const next = new URLSearchParams(choices);
    edit(next);
    change(next);
  };
  const names = choice(NAMES, (name) => send((next) => {
    const {from, to} = period(choices);
    next.set('period', name);
    next.delete('from');
    next.delete('to');
    if (name === 'own') {
      next.set('from', from);
      next.set('to', to);
    }
  }));
  const day = (name) => h('input', {type: 'date', required: true, onchange: (event) => {
    if (event.target.value) send((next) => next.set(name, event.target.value));
  }});
  const from = day('from');
  const to = day('to');
  const own = h('span', {class: 'own'}, field('From', from), field('To', to));
  return {
    elements: [field('Period', names), own],
    update(now) {
      choices = now;
      const is = period(now);
      names.value = is.name;
      own.hidden = is.name !== 'own';
      from.value = is.from;
      to.value = is.to;
      from.max = is.to;
      to.min = is.from;
    },
  };
}
