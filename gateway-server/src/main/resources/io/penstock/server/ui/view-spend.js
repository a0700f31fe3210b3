// Spend over time by any dimension, with everything that explains the figure.
import {get} from './api.js';
import {bars} from './charts.js';
import {choice, choose, empty, field, figures, h, Region} from './dom.js';
import {count, millis, named, percent, places, short, step, usd, usdShort} from './format.js';
import {inWords, period, periodControls} from './period.js';
import {share, table} from './table.js';

export const title = 'Spend';

const TOP = 7;
const MOST_LINES = 500;
const DIMENSIONS = [
  ['team', 'Team'], ['app', 'App'], ['user', 'User'], ['end_user', 'End user'], ['key', 'Key'], ['model', 'Model'],
  ['provider', 'Provider'], ['endpoint', 'Endpoint'], ['route', 'Route'], ['session', 'Session'], ['budget', 'Budget'],
  ['status', 'Status'], ['cache', 'Cache verdict'], ['cause', 'Cause'], ['waste', 'Waste'], ['metadata', 'Metadata …'],
];
const SPANS = {hour: 'hour', day: 'day', month: 'month'};

function dimensionName(by) {
  return DIMENSIONS.find(([value]) => value === by)?.[1] ?? by;
}

export function mount(root, rest, change) {
  let choices = new URLSearchParams();
  const send = (edit) => {
    const next = new URLSearchParams(choices);
    edit(next);
    change(next);
  };
  const periods = periodControls(change);
  const words = h('p', {class: 'sub'});
  const metadata = h('input', {type: 'text', placeholder: 'project', size: 12, onchange: () => {
    if (metadata.value) send((next) => next.set('by', `metadata.${metadata.value.trim()}`));
  }});
  const metadataField = field('Name', metadata);
  const by = choice(DIMENSIONS, (value) => {
    metadataField.hidden = value !== 'metadata';
    if (value === 'metadata') metadata.focus();
    else send((next) => next.set('by', value));
  });
  const filters = h('ul', {class: 'chips', 'aria-label': 'Only'});
  const sums = new Region();
  const chart = new Region();
  root.append(
    h('div', {class: 'head'}, h('div', {}, h('h1', {}, title), words),
      h('div', {class: 'controls'}, periods.elements, field('By', by), metadataField)),
    filters, sums.element, chart.element);

  function drawFilters() {
    const all = choices.getAll('where');
    filters.hidden = all.length === 0;
    filters.replaceChildren(...all.map((text) => h('li', {}, text.replace(':', ': '),
      h('button', {type: 'button', 'aria-label': `Remove ${text.replace(':', ': ')}`, onclick: () => send((next) => next.delete('where', text))}, '×'))));
  }

  function only(dimension, value) {
    const next = new URLSearchParams(choices);
    next.append('where', `${dimension}:${named(value)}`);
    next.set('by', dimension === 'model' ? 'team' : 'model');
    return `#/spend?${next}`;
  }

  return {
    update(now) {
      choices = now;
      const span = period(now);
      const dimension = now.get('by') ?? 'team';
      const where = now.getAll('where');
      periods.update(now);
      metadataField.hidden = !dimension.startsWith('metadata.');
      if (dimension.startsWith('metadata.')) metadata.value = dimension.slice('metadata.'.length);
      choose(by, dimension.startsWith('metadata.') ? 'metadata' : dimension);
      words.textContent = inWords(span);
      drawFilters();
      const asked = {by: dimension, from: span.from, to: span.to, where};
      const report = get('spend', {...asked, limit: MOST_LINES, movers: 'off'});
      // The dearest are known by then, so that only these are read by the day.
      const series = report.then((answer) => get('spend/series', {...asked, over: span.over, top: TOP,
        key: answer.source === 'rollup' ? answer.lines.slice(0, TOP).map((line) => named(line[dimension])) : []}));
      const find = async (text) => (await get('spend', {...asked, limit: MOST_LINES, movers: 'off', find: text})).lines;
      // What fails is said once, below; both are read anew, because a promise that failed stays so.
      sums.fill(() => report.catch(() => null), (answer) => answer && drawSums(answer));
      chart.fill(() => Promise.all([report, series]), ([answer, lines]) =>
        (answer.lines.length ? drawSpend(answer, lines, span, dimension, only, find) : drawNothing(where)), () => this.update(now));
    },
    stop() {
      sums.stop();
      chart.stop();
    },
  };
}

function drawNothing(where) {
  return where.length
    ? empty('No calls match', 'Remove a filter above, or choose a longer period.')
    : empty('No calls in this period', 'Point an OpenAI or Anthropic SDK at the gateway’s base URL and send a call: it is here within a second.',
      h('code', {}, 'client = OpenAI(base_url="http://GATEWAY:8080/v1", api_key="pk-…")'));
}

function drawSums({total, forecast, owned_share: owned}) {
  const cost = Number(total.cost_usd);
  const net = Number(total.net_saved_usd);
  const wasted = Number(total.wasted_usd);
  return figures([
    ['Cost', usd(cost), forecast ? `${usd(forecast.month_usd)} expected by the end of this month` : null, 'main'],
    ['Requests', count(total.requests), `${percent(total.requests ? total.errors / total.calls : 0)} of calls failed`],
    ['Per answer', total.cost_per_answer_usd === null ? '–' : usd(total.cost_per_answer_usd), `${count(total.answered)} answers`],
    ['Saved', usd(net), `Cache ${usd(total.cache_net_saved_usd)}, routing ${usd(total.routing_net_saved_usd)}; overhead deducted`, net < 0 ? 'bad' : null],
    ['Wasted', usd(wasted), cost > 0 ? `${percent(wasted / cost)} of cost` : null, wasted > cost * 0.05 && wasted > 0 ? 'warn' : null],
    ['With an owner', percent(owned, 0), 'Has a team, and a user or app', owned < 0.9 && cost > 0 ? 'warn' : null],
  ]);
}

function drawSpend(report, {times, series, rest}, {over}, by, only, find) {
  const labels = times.map((time) => step(time, over));
  const all = [
    ...series.map((one, index) => ({name: named(one.key), values: one.cost_usd.map(Number), index})),
    ...(rest ? [{name: 'All others', values: rest.cost_usd.map(Number), index: -1}] : []),
  ];
  const name = dimensionName(by).toLowerCase();
  const heading = `Cost per ${SPANS[over]} by ${name}`;
  const total = Number(report.total.cost_usd);
  const dearest = all.length ? `Dearest: ${all.slice(0, 3).map((one) => one.name).join(', ')}.` : '';
  return [
    h('figure', {},
      h('figcaption', {}, h('h2', {}, heading), legend(all)),
      bars(`${heading}: ${usd(total)} in all, ${labels[0]} to ${labels.at(-1)}. ${dearest} The table below has the sums.`, labels, all, usdShort)),
    lines(report, by, new Map(series.map((one, index) => [one.key, index])), total, only, find),
  ];
}

function legend(series) {
  return h('ul', {class: 'legend'}, series.map((one) => h('li', {}, h('span', {class: `swatch s${one.index < 0 ? '0' : (one.index % 7) + 1}`}), one.name)));
}

function lines(report, by, index, total, only, find) {
  const decimals = places(Number(report.lines[0].cost_usd));
  const tokens = (row) => Number(row.input ?? 0) + Number(row.cache_read ?? 0) + Number(row.cache_write ?? 0) + Number(row.output ?? 0) + Number(row.output_reasoning ?? 0);
  const link = by !== 'budget';
  const part = (row) => share(total ? Number(row.cost_usd) / total : 0, percent(total ? Number(row.cost_usd) / total : 0));
  const money = (key, label) => ({
    key, label, numeric: true, value: (row) => Number(row[key]), cell: (row) => (Number(row[key]) === 0 ? h('span', {class: 'zero'}, '0') : usd(row[key], decimals)),
  });
  const counted = (key, label) => ({
    key, label, numeric: true, value: (row) => row[key], cell: (row) => (row[key] === 0 ? h('span', {class: 'zero'}, '0') : count(row[key])),
  });
  const columns = [
    {key: by, label: dimensionName(by), value: (row) => named(row[by]), cell: (row) => [
      h('span', {class: `swatch s${index.has(row[by]) ? (index.get(row[by]) % 7) + 1 : 0}`}),
      link ? h('a', {href: only(by, row[by])}, named(row[by])) : named(row[by])]},
    money('cost_usd', 'Cost'),
    {key: 'share', label: 'Share', numeric: true, value: (row) => Number(row.cost_usd), cell: (row) => part(row)},
    counted('requests', 'Requests'),
    counted('errors', 'Errors'),
    counted('cache_hits', 'Cache hits'),
    {key: 'tokens', label: 'Tokens', numeric: true, value: tokens, cell: (row) => short(tokens(row))},
    money('net_saved_usd', 'Saved'),
    money('wasted_usd', 'Wasted'),
    {key: 'p95_ms', label: 'p95', numeric: true, value: (row) => row.p95_ms, cell: (row) => millis(row.p95_ms)},
  ];
  const notes = [];
  if (report.rest) notes.push(`The ${count(report.lines.length)} dearest of ${count(report.lines.length + report.rest_lines)}; search finds any of them.`);
  if (report.source === 'rows') notes.push('Read from single rows, because the roll-ups lack this dimension; rows older than ledger.retain are missing.');
  if (by === 'budget') notes.push('A call counts under each of its budgets, so the lines add up to more than the total.');
  return table(columns, report.lines, {
    caption: `Spend by ${dimensionName(by).toLowerCase()}`, sort: 'cost_usd', search: `Find a ${dimensionName(by).toLowerCase()}`, note: notes.join(' ') || null,
    ...(report.rest ? {rest: {label: `${count(report.rest_lines)} others`, row: report.rest}, find} : {}),
  });
}
