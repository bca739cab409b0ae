-- The change of the address of an account: what is asked for, and how it can be taken back.

-- When the person last showed that the mailbox is theirs; NULL: when the account was opened.
ALTER TABLE customer ADD COLUMN email_verified_at BIGINT;

CREATE TABLE email_change (
  id UUID PRIMARY KEY,
  customer_id UUID NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  -- 'new', 'old': the code that went to that mailbox is asked for; 'waiting': for its day; 'done': in effect, and can be
  -- taken back; 'reverted': was taken back.
  state TEXT NOT NULL CHECK (state IN ('new', 'old', 'waiting', 'done', 'reverted')),
  -- What is asked for beside the new mailbox: nothing where a second factor is set up, the old mailbox, time instead of
  -- it, or (paid already) a recovery code.
  way TEXT NOT NULL CHECK (way IN ('factor', 'both', 'late', 'paper')),
  -- The address that the account does not have, sealed for the customer's record: until it is done the new one, from
  -- then on the one of before.
  email BYTEA NOT NULL,
  email_index BYTEA NOT NULL CHECK (length(email_index) = 32),
  -- Of the code that is asked for now, which is computed from this number.
  code_id UUID NOT NULL,
  code_until BIGINT NOT NULL,
  tries BIGINT NOT NULL DEFAULT 0 CHECK (tries >= 0),
  -- Of the link that takes it back.
  back_hash BYTEA NOT NULL UNIQUE CHECK (length(back_hash) = 32),
  lang TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
  user_agent TEXT NOT NULL,
  network TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  -- When it took effect.
  changed_at BIGINT,
  -- 'new', 'old': until when it can be finished; 'waiting': when it takes effect; later: until when it is kept.
  due_at BIGINT NOT NULL,
  CHECK ((changed_at IS NULL) = (state IN ('new', 'old', 'waiting'))),
  CHECK (state <> 'old' OR way = 'both'),
  CHECK (state <> 'waiting' OR way = 'late')
);
-- A person changes to one address at a time.
CREATE UNIQUE INDEX email_change_open ON email_change (customer_id) WHERE state IN ('new', 'old', 'waiting');
CREATE INDEX email_change_customer ON email_change (customer_id, changed_at);
CREATE INDEX email_change_index ON email_change (email_index);
CREATE INDEX email_change_due ON email_change (due_at);
