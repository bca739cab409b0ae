// Passkeys in the browser: asks for a challenge, hands it to the authenticator and sends the answer with the form
// that stands in the page. It works with the wasm, without it and before it is there, so it changes attributes and
// values in the page and never its nodes, which the wasm takes hold of.

const ALPHABET = { '-': '+', _: '/' };
const bytes = (text) => Uint8Array.from(atob(text.replace(/[-_]/g, (c) => ALPHABET[c])), (c) => c.charCodeAt(0));
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/** The options of a ceremony as the browser takes them; older browsers do not read JSON themselves. */
function parsed(options) {
  const ids = (list = []) => list.map((known) => ({ ...known, id: bytes(known.id) }));
  const challenge = bytes(options.challenge);
  if (!options.user) {
    return (
      PublicKeyCredential.parseRequestOptionsFromJSON?.(options) ?? { ...options, challenge, allowCredentials: ids(options.allowCredentials) }
    );
  }
  const user = { ...options.user, id: bytes(options.user.id) };
  return (
    PublicKeyCredential.parseCreationOptionsFromJSON?.(options) ?? { ...options, challenge, user, excludeCredentials: ids(options.excludeCredentials) }
  );
}

/** What the authenticator answered, as JSON; the credentials of some password managers cannot say it themselves. */
function said(credential) {
  try {
    return JSON.stringify(credential.toJSON());
  } catch {
    const response = { clientDataJSON: base64url(credential.response.clientDataJSON) };
    for (const part of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
      const value = credential.response[part];
      if (value) response[part] = base64url(value);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    const { id, type } = credential;
    return JSON.stringify({ id, type, rawId: base64url(credential.rawId), response, clientExtensionResults: {} });
  }
}

/** A challenge of the shop's is good for five minutes; one that waits in the background is renewed before. */
const RENEW_AFTER = 4 * 60 * 1000;

/**
 * Around a form with the fields `ceremony` and `answer` and a button that asks. `data-begin`: where a challenge is
 * made. `offers`: passkeys are also offered where the browser fills in an address. A `data-say` in it is shown when
 * it applies: `cancelled`, `known`, `failed`.
 */
class PasskeyAsk extends HTMLElement {
  #running;
  #renewal;

  constructor() {
    super();
    this.addEventListener('click', (event) => {
      if (event.target.closest('button[data-ask]')) this.#press();
    });
  }

  connectedCallback() {
    const able = 'PublicKeyCredential' in window;
    this.setAttribute(able ? 'ready' : 'unable', '');
    if (able) this.#offer();
  }

  disconnectedCallback() {
    clearTimeout(this.#renewal);
    this.#running?.abort();
  }

  async #press() {
    this.#say();
    try {
      await this.#ask({});
    } catch (error) {
      if (error.name === 'AbortError') return;
      this.#say({ NotAllowedError: 'cancelled', InvalidStateError: 'known' }[error.name] ?? 'failed');
      this.#offer();
    }
  }

  /** Nobody has asked for anything yet, so nothing is said when it does not work. */
  async #offer() {
    if (!this.hasAttribute('offers') || !this.isConnected) return;
    try {
      if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
      this.#renewal = setTimeout(() => this.#renew(), RENEW_AFTER);
      await this.#ask({ mediation: 'conditional' });
    } catch {
      // The button is still there.
    }
  }

  #renew() {
    if (!document.hidden) return this.#offer();
    document.addEventListener('visibilitychange', () => this.#renew(), { once: true });
  }

  async #ask(how) {
    if (!how.mediation) clearTimeout(this.#renewal);
    this.#running?.abort();
    const { signal } = (this.#running = new AbortController());
    const response = await fetch(this.dataset.begin, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      signal,
    });
    const elsewhere = response.headers.has('serverfnredirect') && response.headers.get('location');
    if (elsewhere) return location.assign(elsewhere);
    if (!response.ok) throw new Error(`${response.status}`);
    const { id, options } = await response.json();
    const asked = JSON.parse(options).publicKey;
    const credential = await navigator.credentials[asked.user ? 'create' : 'get']({ ...how, publicKey: parsed(asked), signal });
    const form = this.querySelector('form');
    form.elements.ceremony.value = id;
    form.elements.answer.value = said(credential);
    form.requestSubmit();
  }

  #say(what) {
    for (const words of this.querySelectorAll('[data-say]')) words.hidden = words.dataset.say !== what;
  }
}

customElements.define('passkey-ask', PasskeyAsk);
