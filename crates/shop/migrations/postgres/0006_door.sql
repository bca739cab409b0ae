-- Ways in: what a browser has begun and a person must still prove, browsers that have proved it, and what happened
-- to an account.

-- Which of the phrases that tell our mails from false ones is this customer's.
ALTER TABLE customer ADD COLUMN phrase_no BIGINT NOT NULL DEFAULT 0;

-- When the person last proved in this session who they are. Those of before have to do so again.
ALTER TABLE session ADD COLUMN proved_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE challenge (
  id UUID PRIMARY KEY,
  -- The browser that asked holds the token: a code alone opens nothing. The code is nowhere: it is computed from the
  -- id with the shop's key.
  token_hash BYTEA NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  kind TEXT NOT NULL CHECK (kind IN ('sign_in', 'reset')),
  -- What is asked for: a code from a mail, or one from an authenticator app.
  asks TEXT NOT NULL CHECK (asks IN ('mail', 'app')),
  -- NULL: nobody has the address that was typed; the answers are the same.
  customer_id UUID REFERENCES customer (id) ON DELETE CASCADE,
  -- The address as typed, where somebody asked by it.
  email BYTEA,
  tries BIGINT NOT NULL DEFAULT 0 CHECK (tries >= 0),
  lang TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
  user_agent TEXT NOT NULL,
  network TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX challenge_customer ON challenge (customer_id);
CREATE INDEX challenge_expires ON challenge (expires_at);

-- Browsers in which a customer has proved more than a password. The browser holds the token.
CREATE TABLE known_device (
  token_hash BYTEA NOT NULL CHECK (length(token_hash) = 32),
  customer_id UUID NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  since BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  PRIMARY KEY (customer_id, token_hash)
);
-- A browser that several customers are known by gets another token.
CREATE INDEX known_device_token ON known_device (token_hash);
CREATE INDEX known_device_seen ON known_device (seen_at);

-- What happened to an account, as its owner was told.
CREATE TABLE account_event (
  id UUID PRIMARY KEY,
  customer_id UUID NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  network TEXT NOT NULL
);
CREATE INDEX account_event_customer ON account_event (customer_id, at);
CREATE INDEX account_event_at ON account_event (at);

-- More ways in, and more ways that a try can end.
ALTER TABLE sign_in DROP CONSTRAINT sign_in_outcome_check;
ALTER TABLE sign_in ADD CONSTRAINT sign_in_outcome_check CHECK (outcome IN ('ok', 'asked', 'wrong_password', 'wrong_code', 'blocked'));
-- What its owner said of it.
ALTER TABLE sign_in ADD COLUMN answer TEXT CHECK (answer IN ('me', 'not_me'));

-- Limits by the generic cell rate algorithm: a time for each key instead of a count in a window.
DROP TABLE rate_limit;
CREATE TABLE rate_limit (
  key BYTEA PRIMARY KEY,
  -- The theoretical arrival time (UTC milliseconds): from then on the key has all its tries again.
  arrival BIGINT NOT NULL,
  -- Tries refused since the last one that was let through.
  refused BIGINT NOT NULL DEFAULT 0 CHECK (refused >= 0)
);
CREATE INDEX rate_limit_arrival ON rate_limit (arrival);
