// What the budget views share: reading all counters, and what becomes of one at its pace.
import {get} from './api.js';
import {amount, amountText, date, moment, percent, span} from './format.js';

const PAGE = 1000;
const MOST = 20;

/** Reads every counter whose window is open, page by page; `more` tells whether there were too many. */
export async function counters() {
  const states = [];
  let cursor = '';
  for (let pages = 0; pages < MOST; pages++) {
    const page = await get('budgets', {limit: PAGE, cursor});
    states.push(...page.budgets.map(counter).filter((state) => state.resets === null || state.resets > Date.now()));
    cursor = page.next;
    if (!cursor) break;
  }
  return {states, more: Boolean(cursor)};
}

/** One counter with numbers in place of texts. A limit that no budget has any more is null. */
export function counter(json) {
  const spent = amount(json.spent);
  const limit = json.limit === null ? null : amount(json.limit).value;
  return {
    budget: json.budget,
    subject: json.subject,
    override: json.override ?? -1,
    unit: spent.unit,
    spent: spent.value,
    held: amount(json.held).value,
    limit,
    used: limit === null ? null : limit === 0 ? (spent.value > 0 ? Infinity : 0) : spent.value / limit,
    since: Date.parse(json.since),
    resets: json.resets === null ? null : Date.parse(json.resets),
  };
}

/** Says what is expected: {text, tone, at}. `end` is when it is used up, epoch milliseconds; null when never. */
export function outlook(state, end) {
  if (state.limit === null) return {text: 'No longer configured', tone: 'quiet', rank: 0};
  if (state.used >= 1) return {text: 'Used up', tone: 'bad', rank: Infinity};
  if (end !== null && (state.resets === null || end < state.resets)) {
    const near = end - Date.now();
    // To the minute only where a pace can tell it.
    const when = near < 30 * 86_400_000 ? moment(end) : date(end);
    return {text: near < 366 * 86_400_000 ? `Ends ${when}` : 'Lasts over a year', tone: near < 366 * 86_400_000 ? 'warn' : 'good', rank: 1e15 - end};
  }
  return {text: 'Lasts', tone: 'good', rank: 1};
}

/** When a counter is used up at its mean pace since the window began; null when it has none. */
export function meanEnd(state) {
  const passed = Date.now() - state.since;
  if (state.since <= 0 || passed <= 0 || state.spent <= 0 || state.limit === null) return null;
  return Date.now() + ((state.limit - state.spent) * passed) / state.spent;
}

/** The tone of a share used. */
export const toneOf = (used) => (used >= 1 ? 'bad' : used >= 0.8 ? 'warn' : null);

export const resetText = (state) => (state.resets === null ? 'never' : `in ${span(state.resets - Date.now())}`);
export const usedText = (state) => (state.used === null ? '–' : state.used === Infinity ? 'over' : percent(state.used, 0));
export const show = (value, state, decimals) => (value === null ? '–' : amountText(value, state.unit, decimals));

/** The address of one counter's view. */
export function addressOf(state) {
  const query = new URLSearchParams({subject: state.subject});
  if (state.override >= 0) query.set('override', state.override);
  return `#/budgets/${encodeURIComponent(state.budget)}?${query}`;
}

/** Whom a counter counts, in words. */
export const subjectOf = (state) => (state.subject === '' ? 'everyone' : state.subject);
