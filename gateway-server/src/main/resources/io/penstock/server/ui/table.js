// A table that is sorted, searched and paged here. Of many rows it gets the first and a line for the rest; then the gateway searches.
import {h, speak} from './dom.js';
import {count} from './format.js';

const PAGE = 50;
const TYPING = 250;
let tables = 0;

/**
 * Columns: {key, label, value(row), cell(row), numeric}. `value` sorts and is searched when it is text; `cell` draws.
 * Options: {caption, sort, search, note, blank, rest, find}. `rest` is {label, row} of what is not among the rows, and
 * `find(text)` resolves to the rows that match it, these others included.
 */
export function table(columns, all, options = {}) {
  let rows = all;
  let typing = 0;
  let sorted = options.sort ?? null;
  let descending = options.descending ?? true;
  let page = 0;
  let needle = '';
  const id = `table-${++tables}`;
  const texts = columns.filter((column) => !column.numeric && column.value);
  const search = options.search && rows.length > 10
    ? h('input', {type: 'search', placeholder: options.search, 'aria-label': options.search, 'aria-controls': id, oninput: () => {
      clearTimeout(typing);
      if (options.find) typing = setTimeout(ask, TYPING);
      else found(all);
    }})
    : null;
  const body = h('tbody');
  const foot = options.rest
    ? h('tfoot', {}, h('tr', {}, columns.map((column, i) => h(i === 0 ? 'th' : 'td', {scope: i === 0 ? 'row' : null, class: column.numeric ? 'number' : null},
      i === 0 ? options.rest.label : column.cell(options.rest.row)))))
    : null;
  const heads = columns.map((column) => head(column));
  const range = h('span', {class: 'range'});
  const back = h('button', {type: 'button', onclick: () => turn(-1)}, 'Previous');
  const on = h('button', {type: 'button', onclick: () => turn(1)}, 'Next');
  const pager = h('div', {class: 'pager'}, range, back, on);
  const element = h('div', {class: 'table'},
    search || options.note ? h('div', {class: 'table-tools'}, search, options.note ? h('p', {class: 'note'}, options.note) : null) : null,
    h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': options.caption},
      h('table', {id}, h('caption', {class: 'unseen'}, options.caption), h('thead', {}, h('tr', {}, heads)), body, foot)),
    pager);

  function found(matching) {
    rows = matching;
    needle = search.value.trim().toLowerCase();
    page = 0;
    draw();
    speak(`${count(visible().length)} rows`);
  }

  /** An answer to what is no longer in the field is dropped. */
  async function ask() {
    const text = search.value.trim();
    element.setAttribute('aria-busy', 'true');
    try {
      const matching = text ? await options.find(text) : all;
      if (search.value.trim() === text) found(matching);
    } catch (error) {
      body.replaceChildren(h('tr', {}, h('td', {colspan: columns.length, class: 'nothing', role: 'alert'}, error.message)));
    }
    if (search.value.trim() === text) element.removeAttribute('aria-busy');
  }

  function head(column) {
    if (!column.value) return h('th', {scope: 'col', class: column.numeric ? 'number' : null}, column.label);
    return h('th', {scope: 'col', class: column.numeric ? 'number' : null}, h('button', {type: 'button', onclick: () => {
      descending = sorted === column.key ? !descending : Boolean(column.numeric);
      sorted = column.key;
      page = 0;
      draw();
    }}, column.label));
  }

  function visible() {
    const found = needle ? rows.filter((row) => texts.some((column) => String(column.value(row)).toLowerCase().includes(needle))) : [...rows];
    const column = columns.find((one) => one.key === sorted);
    if (!column) return found;
    const way = descending ? -1 : 1;
    return found.sort((a, b) => {
      const one = column.value(a);
      const two = column.value(b);
      return way * (typeof one === 'string' ? one.localeCompare(two) : (one ?? -Infinity) - (two ?? -Infinity));
    });
  }

  function turn(pages) {
    page += pages;
    draw();
    speak(range.textContent);
  }

  function draw() {
    const shownRows = visible();
    const first = page * PAGE;
    const shown = shownRows.slice(first, first + PAGE);
    columns.forEach((column, i) => {
      if (column.key !== sorted) heads[i].removeAttribute('aria-sort');
      else heads[i].setAttribute('aria-sort', descending ? 'descending' : 'ascending');
    });
    body.replaceChildren(...shown.map((row) => h('tr', {class: options.rowClass?.(row)}, columns.map((column, i) =>
      h(i === 0 ? 'th' : 'td', {scope: i === 0 ? 'row' : null, class: column.numeric ? 'number' : null}, column.cell(row))))));
    if (!shown.length) body.append(h('tr', {}, h('td', {colspan: columns.length, class: 'nothing'}, `Nothing matches “${needle}”.`)));
    if (foot) foot.hidden = needle !== '';
    pager.hidden = shownRows.length <= PAGE;
    range.textContent = `${count(first + 1)}–${count(first + shown.length)} of ${count(shownRows.length)}`;
    back.disabled = page === 0;
    on.disabled = first + PAGE >= shownRows.length;
  }

  draw();
  return element;
}

/** A thin bar for a share of 1, and the words that say the same. */
export function share(value, words, tone) {
  return [
    h('span', {class: `share${tone ? ` tone-${tone}` : ''}`, 'aria-hidden': 'true'},
      h('span', {style: {width: `${Math.min(100, Math.max(0, 100 * value))}%`}})),
    h('span', {class: 'share-words'}, words),
  ];
}
