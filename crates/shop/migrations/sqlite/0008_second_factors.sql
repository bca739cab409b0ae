-- The secret that a customer's authenticator app computes its codes from (RFC 6238), sealed with the shop's own key.
CREATE TABLE totp (
  customer_id BLOB PRIMARY KEY REFERENCES customer (id) ON DELETE CASCADE,
  secret BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  -- Asked for at a sign-in from the first right code on.
  confirmed_at INTEGER,
  -- The step of the newest code that was taken: it and those before it are no use again.
  last_step INTEGER NOT NULL CHECK (last_step >= 0)
);

-- Recovery codes, each for one use. A new set takes the place of the one before it.
CREATE TABLE recovery_code (
  customer_id BLOB NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  made_at INTEGER NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (customer_id, hash)
);
