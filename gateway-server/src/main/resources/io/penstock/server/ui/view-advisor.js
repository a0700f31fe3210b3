// What to look at: each finding says what it is worth, why, and where to act.
import {get} from './api.js';
import {badge, empty, h, Region} from './dom.js';
import {count, date, named, percent, places, short, usd} from './format.js';
import {table} from './table.js';

export const title = 'Advisor';

const DAY = 86_400_000;
const DAYS = 30;
const STALE_DAYS = 90;

export function mount(root) {
  const region = new Region();
  const cache = new Region();
  root.append(h('div', {class: 'head'}, h('div', {}, h('h1', {}, title), h('p', {class: 'sub'}, `Findings from the last ${DAYS} days, the ones worth most first`))), region.element, cache.element);
  return {
    update() {
      region.fill(read, draw);
      // Apart, because it reads single calls and takes the longest.
      cache.fill(() => Promise.all([get('cache/forecast'), get('config')]), ([forecast, config]) => drawForecast(forecast, config.effective));
    },
    stop() {
      region.stop();
      cache.stop();
    },
  };
}

async function read() {
  const from = new Date(Date.now() - DAYS * DAY).toISOString().slice(0, 10);
  const [users, teams, keys, targets, models, config] = await Promise.all([
    get('spend', {by: 'user', from, limit: 10, movers: 'off'}),
    get('spend', {by: 'team', from, limit: 10}),
    get('spend', {by: 'key', from, where: 'team:(none)', limit: 10, movers: 'off'}),
    get('spend', {by: 'provider,model', from, movers: 'off'}),
    get('models'), get('config'),
  ]);
  return {users, teams, keys, targets: targets.lines, models: models.models, config: config.effective};
}

function draw(read) {
  const {users, teams} = read;
  if (!users.lines.length) return empty('Nothing to advise on yet', 'Findings need traffic. Come back after some calls.');
  const found = [unattributed(read), unpriced(read), stale(read), waste(read), estimated(read), unguarded(read), concentration(read)]
    .filter(Boolean).sort((a, b) => b.worth - a.worth);
  return [
    h('ul', {class: 'findings'}, found.map((one) => h('li', {},
      h('div', {class: 'finding-head'}, h('h2', {}, one.title), one.figure ? h('p', {class: `finding-figure${one.tone ? ` tone-${one.tone}` : ''}`}, one.figure) : null),
      h('div', {class: 'finding-text'}, one.text)))),
    h('div', {class: 'pair'}, spenders('Top users', 'user', users), spenders('Top teams', 'team', teams)),
    movers(teams),
  ];
}

const paragraph = (...content) => h('p', {}, content);

/** What an exact cache would have saved, by how long it keeps answers. */
function drawForecast({from, days, requests, with_content: read, settings}, config) {
  if (!requests) return null;
  const on = (config.cache?.exact ?? []).length > 0;
  const month = (setting) => (Number(setting.saved_usd) * 30) / Math.max(1, days);
  const best = settings.at(-1);
  return h('section', {}, h('h2', {}, best.hits === 0 ? 'An exact cache would save nothing' : on ? 'What a longer or wider cache would save' : 'What an exact cache would save'),
    paragraph(`Of ${count(requests)} calls that went upstream since ${date(from)}, ${count(best.hits)} (${percent(best.hits / requests)}) repeat an earlier one of the same team within ${best.ttl}. `,
      restsOn(read, requests)),
    table([
      {key: 'ttl', label: 'Answers kept for', cell: (setting) => setting.ttl},
      {key: 'hits', label: 'Hits', numeric: true, cell: (setting) => count(setting.hits)},
      {key: 'rate', label: 'Of these calls', numeric: true, cell: (setting) => percent(setting.hits / requests)},
      {key: 'saved', label: 'Saved', numeric: true, cell: (setting) => usd(setting.saved_usd, places(Number(best.saved_usd)))},
      {key: 'month', label: 'A month, at most', numeric: true, cell: (setting) => usd(month(setting), places(month(best)))},
    ], settings, {caption: 'Forecast of an exact cache'}),
    on || best.hits === 0 ? null : paragraph('To try it: ', h('code', {}, `cache: { exact: { ttl: ${best.ttl}, scope: team } }`)));
}

/** Without the prompts, calls are told apart by what the ledger has of them. */
function restsOn(read, requests) {
  if (read === requests) return 'By the recorded prompts, as the cache would compare them.';
  const bound = 'two calls count as the same when opening, model, endpoint and number of input tokens are.';
  return read === 0 ? `An upper bound: no content is recorded, so ${bound}` : `An upper bound: the content of ${count(read)} is recorded; of the others ${bound}`;
}

function unattributed({keys, users}) {
  const cost = Number(keys.total.cost_usd);
  const all = Number(users.total.cost_usd);
  if (cost > 0) {
    return {worth: cost, tone: 'warn', title: 'Spend without a team', figure: usd(cost), text: [
      paragraph(`${percent(cost / all)} of the spend cannot be charged to a team. It came through ${keys.lines.map((line) => named(line.key)).slice(0, 5).join(', ')}.`),
      paragraph(h('a', {href: '#/spend?by=key&where=team:(none)'}, 'See these calls'), '; then give the keys a team.')]};
  }
  if (users.owned_share < 0.95) {
    return {worth: all * (1 - users.owned_share), tone: 'warn', title: 'Spend without an owner', figure: percent(1 - users.owned_share), text: [
      paragraph('Every call has a team, but these name neither a user nor an app. ', h('a', {href: '#/spend?by=key'}, 'See spend by key'), '.')]};
  }
  return null;
}

function unpriced({targets, models, config}) {
  const free = new Set(Object.entries(config.providers ?? {}).filter(([, provider]) => provider.free).map(([name]) => name));
  const unknown = new Set(models.flatMap((model) => model.targets.filter((target) => !target.priced).map((target) => target.target)));
  const used = targets.filter((line) => line.provider && !free.has(line.provider) && Number(line.list_cost_usd) === 0 && (line.input ?? 0) + (line.output ?? 0) > 0);
  used.forEach((line) => unknown.delete(`${line.provider}/${line.model}`));
  if (!used.length && !unknown.size) return null;
  const tokens = used.reduce((all, line) => all + (line.input ?? 0) + (line.output ?? 0), 0);
  return {worth: used.length ? 1e6 : 0.01, tone: used.length ? 'bad' : 'warn', title: 'Prices that nobody knows', figure: used.length ? `${short(tokens)} tokens unpriced` : count(unknown.size), text: [
    used.length ? paragraph(`${used.map((line) => `${line.provider}/${line.model}`).join(', ')} was used and booked at 0, so the totals are too low.`) : null,
    unknown.size ? paragraph(`Configured and not used: ${[...unknown].slice(0, 8).join(', ')}${unknown.size > 8 ? ' …' : ''}. prices.unknown is ${config.prices?.unknown ?? 'deny'}.`) : null,
    paragraph('Add the price under prices.files, or free: true to the provider.')]};
}

function stale({models}) {
  const targets = new Map(models.flatMap((model) => model.targets.filter((target) => target.stale).map((target) => [target.target, target])));
  if (!targets.size) return null;
  const list = [...targets.values()].sort((a, b) => String(a.checked).localeCompare(String(b.checked)));
  return {worth: 1, tone: 'warn', title: 'Stale prices', figure: count(targets.size), text: [
    paragraph(`No source has shown these prices for ${STALE_DAYS} days: ${list.slice(0, 6).map((target) => `${target.target} (${target.checked})`).join(', ')}${list.length > 6 ? ' …' : ''}.`),
    paragraph('Set prices.refresh, or check them and lay a file over the catalogue.')]};
}

function waste({users}) {
  const wasted = Number(users.total.wasted_usd);
  if (!wasted) return null;
  const causes = Object.entries(users.wasted_usd).sort((a, b) => b[1] - a[1]).map(([cause, cost]) => `${cause} ${usd(cost)}`).join(', ');
  return {worth: wasted, tone: 'warn', title: 'Cost that bought nothing', figure: usd(wasted), text: [
    paragraph(`${percent(wasted / Number(users.total.cost_usd))} of the spend: ${causes}.`), paragraph(h('a', {href: '#/spend?by=waste'}, 'See it by cause'))]};
}

function estimated({users}) {
  const cost = Number(users.total.estimated_usd);
  const part = cost / Number(users.total.cost_usd);
  if (!(part > 0.02)) return null;
  return {worth: 0, title: 'Cost that rests on an estimate', figure: percent(part), text: [
    paragraph(`${usd(cost)} was counted by the gateway because the provider did not report usage, most often after a client left a stream.`)]};
}

function unguarded({config, users}) {
  if ((config.budgets ?? []).length) return null;
  return {worth: Number(users.total.cost_usd), tone: 'warn', title: 'No budget limits anything', figure: usd(users.total.cost_usd), text: [
    paragraph('A budget that only warns is a safe first step:'),
    paragraph(h('code', {}, 'budgets: [{ name: developer-daily, per: user, limit: 10 USD, every: day, over: warn }]'))]};
}

function concentration({users}) {
  const all = Number(users.total.cost_usd);
  const first = users.lines.find((line) => line.user !== '');
  if (!first || Number(first.cost_usd) < all * 0.2) return null;
  return {worth: Number(first.cost_usd) * 0.1, title: 'One user dominates', figure: percent(Number(first.cost_usd) / all), text: [
    paragraph(`${first.user} caused ${usd(first.cost_usd)} of ${usd(all)} with ${count(first.requests)} requests. `,
      h('a', {href: `#/spend?by=model&where=${encodeURIComponent(`user:${first.user}`)}`}, 'See on which models'), '.')]};
}

function spenders(heading, by, report) {
  const all = Number(report.total.cost_usd);
  const decimals = places(Number(report.lines[0].cost_usd));
  return h('section', {}, h('h2', {}, heading), table([
    {key: by, label: by === 'user' ? 'User' : 'Team', cell: (row) => h('a', {href: `#/spend?by=model&where=${encodeURIComponent(`${by}:${named(row[by])}`)}`}, named(row[by]))},
    {key: 'cost', label: 'Cost', numeric: true, cell: (row) => usd(row.cost_usd, decimals)},
    {key: 'share', label: 'Share', numeric: true, cell: (row) => percent(all ? Number(row.cost_usd) / all : 0)},
    {key: 'answer', label: 'Per answer', numeric: true, cell: (row) => (row.cost_per_answer_usd === null ? '–' : usd(row.cost_per_answer_usd, 6))},
  ], report.lines, {caption: heading}));
}

function movers(report) {
  if (!report.movers.length) return null;
  return h('section', {}, h('h2', {}, `Changed most against the ${DAYS} days before`), table([
    {key: 'team', label: 'Team', cell: (mover) => named(mover.key[0])},
    {key: 'before', label: 'Before', numeric: true, cell: (mover) => usd(mover.before_usd, 2)},
    {key: 'now', label: 'Now', numeric: true, cell: (mover) => usd(mover.now_usd, 2)},
    {key: 'change', label: 'Change', numeric: true, cell: (mover) => {
      const change = Number(mover.now_usd) - Number(mover.before_usd);
      return badge(`${change > 0 ? '+' : ''}${usd(change, 2)}`, change > 0 ? 'warn' : 'good');
    }},
  ], report.movers, {caption: 'What changed most'}));
}
