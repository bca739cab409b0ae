-- Public keys that customers sign in with (WebAuthn). Whoever reads them can sign in with none.
CREATE TABLE passkey (
  credential_id BLOB PRIMARY KEY CHECK (length(credential_id) BETWEEN 1 AND 1023),
  customer_id BLOB NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  -- As webauthn-rs writes it: the key, its counter and its flags.
  credential TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  backed_up BOOLEAN NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER
);
CREATE INDEX passkey_customer ON passkey (customer_id, created_at);

-- A challenge that waits for its answer, once and from the browser that got it.
CREATE TABLE passkey_ceremony (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  -- Several tabs of one browser may each have one.
  token_hash BLOB NOT NULL CHECK (length(token_hash) = 32),
  kind TEXT NOT NULL CHECK (kind IN ('add', 'sign_in')),
  -- NULL: whoever signs in.
  customer_id BLOB REFERENCES customer (id) ON DELETE CASCADE,
  state TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  CHECK (kind = 'sign_in' OR customer_id IS NOT NULL)
);
CREATE INDEX passkey_ceremony_expires ON passkey_ceremony (expires_at);
-- A customer who goes takes theirs along.
CREATE INDEX passkey_ceremony_customer ON passkey_ceremony (customer_id);
