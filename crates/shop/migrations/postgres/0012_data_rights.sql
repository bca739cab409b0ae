-- Data rights: a copy of one's data, the erasure of an account, and what becomes of one that nobody uses.

-- When somebody last signed in; NULL: it is not known, and counted from the beginning of the account.
ALTER TABLE customer ADD COLUMN active_at BIGINT;
-- Sessions are thrown away after 90 days: who has none may have signed in just before, and counts from this moment.
UPDATE customer SET active_at = COALESCE((SELECT MAX(seen_at) FROM session WHERE session.customer_id = customer.id), (EXTRACT(EPOCH FROM now()) * 1000)::BIGINT);
CREATE INDEX customer_active ON customer (COALESCE(active_at, created_at), id);

-- An account that nobody uses: how far it has gone. A sign-in deletes the row.
CREATE TABLE dormancy (
  customer_id UUID PRIMARY KEY REFERENCES customer (id) ON DELETE CASCADE,
  -- The owner was told that little used data go; they went; was told that the account goes; and once more.
  told_at BIGINT NOT NULL,
  reduced_at BIGINT,
  warned_at BIGINT,
  warned_again_at BIGINT,
  CHECK (reduced_at IS NOT NULL OR warned_at IS NULL),
  CHECK (warned_at IS NOT NULL OR warned_again_at IS NULL)
);
CREATE INDEX dormancy_told ON dormancy (told_at, customer_id);

-- A copy of one's data that was asked for. It is made when it is opened, and lies nowhere.
CREATE TABLE data_export (
  id UUID PRIMARY KEY,
  token_hash BYTEA NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  customer_id UUID NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  asked_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX data_export_customer ON data_export (customer_id, asked_at);
CREATE INDEX data_export_expires ON data_export (expires_at);

-- Accounts that were erased: what was, in numbers. Who it was is said by nothing once the key of `record` is gone.
CREATE TABLE erasure (
  id UUID PRIMARY KEY,
  no TEXT NOT NULL UNIQUE,
  -- The customer's number, whose key is destroyed once the last mail has left.
  record UUID NOT NULL UNIQUE,
  -- For that mail; NULL afterwards.
  email BYTEA,
  lang TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
  phrase_no BIGINT NOT NULL,
  cause TEXT NOT NULL CHECK (cause IN ('asked', 'letter', 'dormant')),
  -- The statement that its owner was given, as JSON; see domain::account::Erasure.
  statement TEXT NOT NULL,
  at BIGINT NOT NULL,
  -- The key was handed over to be destroyed.
  done_at BIGINT
);
CREATE INDEX erasure_open ON erasure (at) WHERE done_at IS NULL;

-- The person goes out of an order once it is finished; its books stay.
ALTER TABLE orders ADD COLUMN erase_asked_at BIGINT;
ALTER TABLE orders ADD COLUMN erased_at BIGINT;
CREATE INDEX orders_to_erase ON orders (erase_asked_at, id) WHERE erase_asked_at IS NOT NULL AND erased_at IS NULL;
