// Reads of the admin API. The token lives in this tab only.
import {h} from './dom.js';

const TOKEN = 'penstock-admin-token';
let asking = null;

/** An answer that is no success, with the gateway's own words. */
export class ApiError extends Error {
  constructor(status, title, message) {
    super(message);
    this.status = status;
    this.title = title;
  }
}

/** Reads JSON from /admin/v1. A list as a parameter is sent once for each value. */
export async function get(path, params = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of [value].flat()) {
      if (one !== null && one !== undefined && one !== '') query.append(name, one);
    }
  }
  const url = `/admin/v1/${path}${query.size ? `?${query}` : ''}`;
  for (;;) {
    const token = sessionStorage.getItem(TOKEN);
    const response = await send(url, token);
    if (response.status !== 401) return body(response);
    await (asking ??= ask(token).finally(() => { asking = null; }));
  }
}

async function send(url, token) {
  try {
    return await fetch(url, {headers: token ? {authorization: `Bearer ${token}`} : {}, signal: AbortSignal.timeout(60_000)});
  } catch (error) {
    throw error.name === 'TimeoutError'
      ? new ApiError(0, 'The gateway is slow', 'No answer within a minute. A shorter period may help.')
      : new ApiError(0, 'The gateway does not answer', 'It may be restarting, or this page can no longer reach the admin port.');
  }
}

async function body(response) {
  const text = await response.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ApiError(response.status, 'The answer is not what was expected', `HTTP ${response.status}, no JSON. Is a proxy in between?`);
  }
  if (!response.ok) {
    throw new ApiError(response.status, response.status === 404 ? 'Not found' : `The gateway refused (${response.status})`, json.error?.message ?? `HTTP ${response.status}`);
  }
  return json;
}

/** Asks for the admin token; resolves when there is one to try. */
function ask(refused) {
  return new Promise((resolve) => {
    const input = h('input', {type: 'password', autocomplete: 'current-password', required: true, id: 'token', 'aria-describedby': 'token-note'});
    const dialog = h('dialog', {class: 'token', 'aria-labelledby': 'token-title'},
      h('form', {onsubmit: (event) => {
        event.preventDefault();
        sessionStorage.setItem(TOKEN, input.value);
        dialog.close();
      }},
      h('h2', {id: 'token-title'}, 'Admin token'),
      h('p', {id: 'token-note'}, refused
        ? 'That token is not the one under admin.token in the configuration.'
        : 'This gateway asks for the token under admin.token in its configuration. It is kept in this tab only.'),
      h('label', {for: 'token'}, 'Token'), input,
      h('p', {}, h('button', {type: 'submit', class: 'primary'}, 'Continue'))));
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
