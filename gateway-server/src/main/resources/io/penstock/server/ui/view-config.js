// The configuration in force, defaults filled in and secrets starred, and what was wrong with the last change.
import {get} from './api.js';
import {badge, field, figures, h, Region} from './dom.js';
import {count} from './format.js';

export const title = 'Configuration';

export function mount(root) {
  const region = new Region();
  root.append(h('div', {class: 'head'}, h('div', {}, h('h1', {}, title), h('p', {class: 'sub'}, 'What is in force, with every default filled in; secrets are stars'))), region.element);
  return {
    update: () => region.fill(async () => {
      const [config, prices] = await Promise.all([get('config'), get('prices')]);
      return {config, prices};
    }, draw),
    stop: () => region.stop(),
  };
}

function draw({config: {version, problems, warnings, effective}, prices}) {
  const sections = Object.entries(effective).map(([name, value]) => ({name, text: yaml(value, 0).replace(/^\n/, '')}));
  const list = h('div', {class: 'config'}, sections.map(({name, text}) => h('details', {'data-section': name},
    h('summary', {}, h('span', {class: 'section-name'}, name), h('span', {class: 'note'}, summary(effective[name]))),
    h('pre', {tabindex: 0, 'aria-label': name}, text))));
  const find = h('input', {type: 'search', placeholder: 'Key or value', oninput: () => {
    const needle = find.value.trim().toLowerCase();
    list.querySelectorAll('details').forEach((details, i) => {
      const hit = needle !== '' && `${sections[i].name}\n${sections[i].text}`.toLowerCase().includes(needle);
      details.hidden = needle !== '' && !hit;
      details.open = hit;
    });
  }});
  return [
    figures([
      ['Version', count(version), 'counts the changes since the start'],
      ['Problems', count(problems.length), problems.length ? 'the last change was refused' : 'the last change is in force', problems.length ? 'bad' : 'good'],
      ['Warnings', count(warnings.length), null, warnings.length ? 'warn' : null],
      ['Price catalogue', prices.version, `${count(prices.providers.length)} providers`],
    ]),
    notes('Problems', problems, 'bad', 'The last change was refused; the configuration below, the last good one, stays in force.'),
    notes('Warnings', warnings, 'warn', null),
    h('section', {}, h('div', {class: 'head'}, h('h2', {}, 'In force'), h('div', {class: 'controls'}, field('Find', find))), list),
  ];
}

function notes(heading, lines, tone, lead) {
  if (!lines.length) return null;
  return h('section', {}, h('h2', {}, heading), lead ? h('p', {}, lead) : null,
    h('ul', {class: 'plain'}, lines.map((line) => h('li', {}, badge(heading.slice(0, -1).toLowerCase(), tone), ' ', line))));
}

function summary(value) {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.every((one) => typeof one !== 'object') ? value.join(', ') : count(value.length);
  if (value !== null && typeof value === 'object') {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'none' : keys.slice(0, 6).join(', ') + (keys.length > 6 ? ' …' : '');
  }
  return String(value);
}

/** Text that reads as the configuration file does. */
function yaml(value, depth) {
  const pad = '  '.repeat(depth);
  if (Array.isArray(value)) {
    if (!value.length) return ' []';
    return value.map((one) => (isBranch(one) ? `\n${pad}-${yaml(one, depth + 1).replace(/^\n\s*/, ' ')}` : `\n${pad}- ${scalar(one)}`)).join('');
  }
  if (isBranch(value)) {
    const entries = Object.entries(value);
    return entries.length ? entries.map(([name, one]) => `\n${pad}${name}:${isBranch(one) ? yaml(one, depth + 1) : ` ${scalar(one)}`}`).join('') : ' {}';
  }
  return scalar(value);
}

const isBranch = (value) => value !== null && typeof value === 'object';
const scalar = (value) => (value === '' ? '""' : String(value));
