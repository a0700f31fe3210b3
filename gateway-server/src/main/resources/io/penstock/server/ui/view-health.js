// Whether it works, where calls go, and what the cache does.
import {get} from './api.js';
import {bars} from './charts.js';
import {badge, empty, figures, h, Region, section} from './dom.js';
import {clock, count, millis, moment, percent, places, step, usd} from './format.js';
import {share, table} from './table.js';

export const title = 'Health';

const AGAIN = 15_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export function mount(root) {
  const region = new Region();
  const fill = () => region.fill(read, draw);
  const timer = setInterval(() => { if (!document.hidden && !region.element.matches(':focus-within')) fill(); }, AGAIN);
  root.append(h('div', {class: 'head'}, h('div', {}, h('h1', {}, 'Cache, routing and health'), h('p', {class: 'sub'}, 'This process now, and the traffic of the last 24 hours'))), region.element);
  return {
    update: fill,
    stop() {
      clearInterval(timer);
      region.stop();
    },
  };
}

async function read() {
  const now = Date.now();
  // From a whole hour on, so that every bar but the last is one.
  const from = Math.ceil((now - DAY) / HOUR) * HOUR;
  const period = {from: new Date(from).toISOString(), to: new Date(now).toISOString()};
  const [status, models, cache, alerts, routes, verdicts] = await Promise.all([
    get('status'), get('models'), get('cache'), get('alerts'),
    get('spend', {by: 'route,provider,model', ...period}),
    get('spend/series', {by: 'cache', over: 'hour', ...period}),
  ]);
  return {status, models: models.models, cache, alerts: alerts.alerts, routes: routes.lines, verdicts};
}

function draw({status, models, cache, alerts, routes, verdicts}) {
  return [
    process(status),
    section('Alerts', alertList(alerts)),
    section('Targets', targetTable(models, routes)),
    section('Where calls go', routeTable(routes)),
    section('Cache', cacheFigures(cache.exact, verdicts), verdictChart(verdicts)),
    section('What the cache counts', layers(cache)),
  ];
}

function process({ready, draining, inflight, budgets_ready: budgets, ledger, config}) {
  return figures([
    ['State', ready ? 'Ready' : draining ? 'Draining' : 'Not ready', ready ? 'takes traffic' : draining ? 'refuses new calls, ends those under way' : budgets ? 'the ledger is full' : 'the budget store is away', ready ? 'good' : 'bad'],
    ['In flight', count(inflight), 'calls under way'],
    ['Ledger', ledger.database_error ? 'Database away' : `${count(ledger.queue)} waiting`, ledger.database_error || (ledger.last_commit ? `last commit ${clock(ledger.last_commit)}` : 'nothing to commit yet'), ledger.database_error ? 'bad' : null],
    ['Lost rows', count(ledger.lost), ledger.lost ? 'money that could not be recorded' : 'every call is recorded', ledger.lost ? 'bad' : null],
    ['Configuration', `Version ${config.version}`, config.problems ? h('a', {href: '#/config'}, `${count(config.problems)} problems in the last change`) : 'in force', config.problems ? 'bad' : null],
  ]);
}

function alertList(alerts) {
  if (!alerts.length) return h('p', {class: 'note'}, 'None since this process started.');
  return h('ul', {class: 'plain'}, alerts.slice(0, 20).map((alert) => h('li', {}, h('span', {class: 'zero'}, moment(alert.at)), ' ', badge(alert.kind, 'warn'), ' ', alert.text)));
}

function targetTable(models, lines) {
  const asked = new Map();
  for (const model of models) {
    for (const target of model.targets) {
      if (!asked.has(target.target)) asked.set(target.target, {...target, names: []});
      asked.get(target.target).names.push(model.model);
    }
  }
  if (!asked.size) return empty('No target', 'Name providers and models in the configuration.');
  const sums = (target, key) => lines.filter((line) => `${line.provider}/${line.model}` === target).reduce((all, line) => all + Number(line[key]), 0);
  const rows = [...asked.values()].map((target) => ({...target, calls: sums(target.target, 'calls'), errors: sums(target.target, 'errors'), cost: sums(target.target, 'cost_usd')}));
  const decimals = places(Math.max(...rows.map((row) => row.cost)));
  return table([
    {key: 'target', label: 'Target', value: (row) => row.target, cell: (row) => row.target},
    {key: 'names', label: 'Asked for as', value: (row) => row.names.join(', '), cell: (row) => h('span', {class: 'zero'}, row.names.slice(0, 3).join(', '), row.names.length > 3 ? ` and ${row.names.length - 3} more` : '')},
    {key: 'health', label: 'Now', value: (row) => row.health, cell: (row) => badge(row.health === 'ok' ? 'healthy' : row.health, row.health === 'ok' ? 'good' : 'bad')},
    {key: 'first', label: 'First token', numeric: true, value: (row) => row.first_token_ms, cell: (row) => (row.first_token_ms ? millis(row.first_token_ms) : '–')},
    {key: 'calls', label: 'Calls', numeric: true, value: (row) => row.calls, cell: (row) => count(row.calls)},
    {key: 'failed', label: 'Failed', numeric: true, value: (row) => (row.calls ? row.errors / row.calls : -1), cell: (row) => (row.calls ? percent(row.errors / row.calls) : '–')},
    {key: 'cost', label: 'Cost', numeric: true, value: (row) => row.cost, cell: (row) => (row.priced ? usd(row.cost, decimals) : badge('no price', 'warn'))},
  ], rows, {caption: 'Targets', sort: 'calls', search: 'Find a target'});
}

function routeTable(lines) {
  const routed = lines.filter((line) => line.route && line.provider);
  if (!routed.length) return h('p', {class: 'note'}, 'No call in the last 24 hours.');
  const totals = new Map();
  routed.forEach((line) => totals.set(line.route, (totals.get(line.route) ?? 0) + line.calls));
  const part = (line) => line.calls / totals.get(line.route);
  const decimals = places(Math.max(...routed.map((line) => Number(line.cost_usd))));
  return table([
    {key: 'route', label: 'Model asked for', value: (line) => line.route, cell: (line) => line.route},
    {key: 'target', label: 'Went to', value: (line) => `${line.provider}/${line.model}`, cell: (line) => `${line.provider}/${line.model}`},
    {key: 'part', label: 'Of its calls', numeric: true, value: part, cell: (line) => share(part(line), percent(part(line)))},
    {key: 'calls', label: 'Calls', numeric: true, value: (line) => line.calls, cell: (line) => count(line.calls)},
    {key: 'failed', label: 'Failed', numeric: true, value: (line) => line.errors / line.calls, cell: (line) => percent(line.errors / line.calls)},
    {key: 'p95', label: 'p95', numeric: true, value: (line) => line.p95_ms, cell: (line) => millis(line.p95_ms)},
    {key: 'cost', label: 'Cost', numeric: true, value: (line) => Number(line.cost_usd), cell: (line) => usd(line.cost_usd, decimals)},
  ], routed, {caption: 'Where calls go', sort: 'calls', search: 'Find a route'});
}

const total = (line, key) => line[key].reduce((all, one) => all + one, 0);

function cacheFigures(exact, {series}) {
  const requests = series.reduce((all, line) => all + total(line, 'requests'), 0);
  const hits = series.filter((line) => !['off', 'miss', 'partial'].includes(line.key)).reduce((all, line) => all + total(line, 'requests'), 0);
  const asked = requests - series.filter((line) => line.key === 'off').reduce((all, line) => all + total(line, 'requests'), 0);
  return figures([
    ['Hits of all requests', requests ? percent(hits / requests) : '–', `${count(hits)} of ${count(requests)}`],
    ['Hits where asked', asked ? percent(hits / asked) : '–', asked ? `${count(asked)} requests looked into the cache` : 'no cache rule held'],
    ['Kept in process', count(exact.entries), `${(exact.bytes / 1048576).toFixed(1)} of ${(exact.max_bytes / 1048576).toFixed(0)} MiB`],
  ]);
}

/** Every layer with its own counts since the start, whatever they are. */
function layers(cache) {
  const text = (value) => (typeof value === 'number' ? value.toLocaleString('en-US') : String(value));
  return Object.entries(cache).map(([layer, counts]) => h('div', {class: 'layer'}, h('h3', {}, layer),
    h('dl', {class: 'facts'}, Object.entries(counts).filter(([, value]) => value === null || typeof value !== 'object').map(([name, value]) =>
      h('div', {}, h('dt', {}, name.replaceAll('_', ' ')), h('dd', {}, text(value)))))));
}

function verdictChart({times, series}) {
  if (!series.length) return h('p', {class: 'note'}, 'No request in the last 24 hours.');
  const verdicts = [['exact', 'exact hit', 0], ['semantic', 'semantic hit', 2], ['joined', 'joined', 6], ['replayed', 'replayed', 4], ['partial', 'partly stored', 3], ['miss', 'miss', -1], ['off', 'not asked', 5]];
  const all = verdicts.flatMap(([key, name, index]) => series.filter((line) => line.key === key).map((line) => ({name, values: line.requests, index})));
  const text = all.map((one) => `${one.name} ${count(one.values.reduce((a, b) => a + b, 0))}`).join(', ');
  return h('figure', {},
    h('figcaption', {}, h('h3', {}, 'Requests per hour by cache verdict'), h('ul', {class: 'legend'}, all.map((one) => h('li', {}, h('span', {class: `swatch s${one.index + 1}`}), one.name)))),
    bars(`Requests per hour by cache verdict: ${text}.`, times.map((time) => step(time, 'hour')), all, (value) => count(value)));
}
