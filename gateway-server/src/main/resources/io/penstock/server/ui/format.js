// How numbers, times and names are written. Money comes as exact decimals and is rounded here only, for reading.

const WHOLE = new Intl.NumberFormat('en-US', {maximumFractionDigits: 0});
const fixed = new Map();

function digits(places) {
  if (!fixed.has(places)) {
    fixed.set(places, new Intl.NumberFormat('en-US', {minimumFractionDigits: places, maximumFractionDigits: places}));
  }
  return fixed.get(places);
}

/** How many decimals show amounts up to this one. */
export function places(largest) {
  const size = Math.abs(largest);
  if (size === 0 || size >= 1) return 2;
  return size >= 0.01 ? 4 : 6;
}

/** Dollars. One column passes one number of decimals, so that its points are aligned. */
export function usd(value, decimals) {
  const number = Number(value);
  const text = digits(decimals ?? places(number)).format(Math.abs(number));
  return `${number < 0 ? '−' : ''}$${text}`;
}

/** Dollars on an axis: short. */
export function usdShort(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `$${trim(value / 1e6)}M`;
  if (size >= 1e4) return `$${trim(value / 1e3)}k`;
  if (size >= 10) return `$${trim(value)}`;
  return size >= 0.1 || size === 0 ? `$${value.toFixed(2)}` : `$${Number(value.toPrecision(3))}`;
}

function trim(value) {
  return Number(value.toFixed(value >= 100 ? 0 : 1)).toLocaleString('en-US');
}

/** A whole number. */
export const count = (value) => WHOLE.format(value);

/** A large number, short: 1.2M. */
export function short(value) {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)}B`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  return value >= 1e4 ? `${(value / 1e3).toFixed(0)}k` : WHOLE.format(value);
}

/** A share of 1. */
export function percent(share, decimals = 1) {
  return Number.isFinite(share) ? `${(100 * share).toFixed(decimals)}%` : '–';
}

/** Milliseconds. */
export function millis(value) {
  if (value === null || value === undefined) return '–';
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 10 || value === 0 ? `${WHOLE.format(value)} ms` : `${value.toFixed(2)} ms`;
}

/** How long, in the two largest units. */
export function span(ms) {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 && hours < 10 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 && days < 4 ? `${days} d ${hours % 24} h` : `${days} d`;
}

const DAY = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short', timeZone: 'UTC'});
const DATE = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC'});
const MONTH = new Intl.DateTimeFormat('en-GB', {month: 'short', year: 'numeric', timeZone: 'UTC'});
const HOUR = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', timeZone: 'UTC'});
const CLOCK = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: 'UTC'});

/** The label of a step. All times are UTC, as in the ledger. */
export function step(time, over) {
  const date = new Date(time);
  if (over === 'hour') return HOUR.format(date);
  return over === 'month' ? MONTH.format(date) : DAY.format(date);
}

export const date = (time) => DATE.format(new Date(time));
export const clock = (time) => CLOCK.format(new Date(time));
export const moment = (time) => `${DAY.format(new Date(time))}, ${HOUR.format(new Date(time))}`;

/** A value of a dimension; "" is a value that nobody gave. */
export const named = (value) => (value === '' ? '(none)' : value);

/** "0.00042 USD" and "1200 tokens" as {value, unit}. */
export function amount(text) {
  const [value, unit] = text.split(' ');
  return {value: Number(value), unit};
}

/** An amount of a budget in its unit. */
export function amountText(value, unit, decimals) {
  return unit === 'USD' ? usd(value, decimals) : `${short(value)} ${unit}`;
}
