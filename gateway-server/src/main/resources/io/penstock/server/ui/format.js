// How numbers, times and names are written. Money comes as exact decimals and is rounded here only, for reading.

const fixed = new Map();

/** Made when first used: a formatter takes milliseconds to make, and the page's start must not wait for all of them. */
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
export const count = (value) => digits(0).format(value);

/** A large number, short: 1.2M. */
export function short(value) {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)}B`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  return value >= 1e4 ? `${(value / 1e3).toFixed(0)}k` : digits(0).format(value);
}

/** A share of 1. */
export function percent(share, decimals = 1) {
  return Number.isFinite(share) ? `${(100 * share).toFixed(decimals)}%` : '–';
}

/** Milliseconds. */
export function millis(value) {
  if (value === null || value === undefined) return '–';
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 10 || value === 0 ? `${digits(0).format(value)} ms` : `${value.toFixed(2)} ms`;
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

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (number) => String(number).padStart(2, '0');
const day = (at) => `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
const hour = (at) => `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;

/** The label of a step. All times are UTC, as in the ledger. */
export function step(time, over) {
  const at = new Date(time);
  if (over === 'hour') return hour(at);
  return over === 'month' ? `${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}` : day(at);
}

export const date = (time) => `${day(new Date(time))} ${new Date(time).getUTCFullYear()}`;
export const clock = (time) => `${hour(new Date(time))}:${two(new Date(time).getUTCSeconds())}`;
export const moment = (time) => `${day(new Date(time))}, ${hour(new Date(time))}`;

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
