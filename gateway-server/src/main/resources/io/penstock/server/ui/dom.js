// The few helpers that build the page. Text only ever becomes text nodes: nothing from the ledger is read as HTML.

const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'selected']);

/** Makes an element: h('p', {class: 'note'}, 'text', child). A null child is left out. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'class') element.className = value;
    else if (name === 'style') Object.entries(value).forEach(([key, text]) => element.style.setProperty(key, text));
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Says something to screen readers. */
export function speak(text) {
  document.getElementById('spoken').textContent = text;
}

/** A labelled control. */
export function field(label, control) {
  return h('label', {class: 'field'}, h('span', {}, label), control);
}

/** A choice. Options are [value, text] pairs. */
export function choice(options, onchange) {
  const select = h('select', {onchange: () => onchange(select.value)}, options.map(([value, text]) => h('option', {value}, text)));
  return select;
}

/** Sets a choice, also to a value it did not offer. */
export function choose(select, value, text = value) {
  if (![...select.options].some((option) => option.value === value)) select.append(h('option', {value}, text));
  select.value = value;
}

/** Figures in a row: [label, value, note, tone]. */
export function figures(items) {
  return h('dl', {class: 'figures'}, items.filter(Boolean).map(([label, value, note, tone]) =>
    h('div', {class: tone ? `tone-${tone}` : null}, h('dt', {}, label), h('dd', {}, value), note ? h('dd', {class: 'note'}, note) : null)));
}

/** A part of a page with a title. */
export function section(title, ...content) {
  return h('section', {}, h('h2', {}, title), content);
}

/** What is shown where there is nothing: why, and what to do. */
export function empty(title, ...hints) {
  return h('div', {class: 'blank'}, h('p', {class: 'blank-title'}, title), hints.map((hint) => h('p', {}, hint)));
}

/** What is shown when a read failed. */
export function failure(error, retry) {
  return h('div', {class: 'blank failed', role: 'alert'},
    h('p', {class: 'blank-title'}, error.title ?? 'This could not be read'),
    h('p', {}, error.message),
    h('p', {}, h('button', {type: 'button', onclick: retry}, 'Try again')));
}

/** A mark with a word, so that colour is never the only sign. Tones: good, warn, bad, quiet. */
export function badge(text, tone) {
  return h('span', {class: `badge tone-${tone}`}, text);
}

/**
 * A place that is filled by reads. It shows loading, the result or the failure; while it reads again the old result
 * stays, dimmed; an answer that has been overtaken is dropped.
 */
export class Region {
  constructor() {
    this.element = h('div', {class: 'region'});
    this.turn = 0;
  }

  /** `retry` is what "Try again" does; without it the same read. */
  async fill(read, draw, retry = () => this.fill(read, draw)) {
    const turn = ++this.turn;
    this.element.setAttribute('aria-busy', 'true');
    if (!this.element.childNodes.length) this.element.append(h('p', {class: 'loading'}, 'Loading…'));
    let content;
    try {
      content = draw(await read());
    } catch (error) {
      if (!error.message) throw error;
      content = failure(error, retry);
    }
    if (turn !== this.turn) return;
    this.element.replaceChildren(...[content].flat().filter(Boolean));
    this.element.removeAttribute('aria-busy');
  }

  /** Drops what is under way. */
  stop() {
    this.turn++;
  }
}
