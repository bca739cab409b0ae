-- The person goes out of a guest's order as well: two years after the last that happened to it, or when they ask for it.

-- When the guest was told that their name and address are to go.
ALTER TABLE orders ADD COLUMN erase_told_at INTEGER;
CREATE INDEX orders_guest_old ON orders (customer_id, created_at, id) WHERE customer_id IS NULL AND erase_told_at IS NULL AND erase_asked_at IS NULL AND erased_at IS NULL;
CREATE INDEX orders_guest_told ON orders (customer_id, erase_told_at, id) WHERE customer_id IS NULL AND erase_told_at IS NOT NULL AND erase_asked_at IS NULL AND erased_at IS NULL;

-- An erasure may be that of a guest's order, who has no check phrase.
CREATE TABLE erasure_next (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  no TEXT NOT NULL UNIQUE,
  -- The record, a customer's number or an order's, whose key is destroyed once the last mail has left.
  record BLOB NOT NULL UNIQUE CHECK (length(record) = 16),
  -- For that mail; NULL afterwards.
  email BLOB,
  lang TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
  -- NULL: a guest's.
  phrase_no INTEGER,
  cause TEXT NOT NULL CHECK (cause IN ('asked', 'letter', 'dormant', 'order')),
  -- The statement that its owner was given, as JSON; see domain::account::Erasure.
  statement TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- The key was handed over to be destroyed.
  done_at INTEGER,
  CHECK ((phrase_no IS NULL) = (cause = 'order'))
);
INSERT INTO erasure_next SELECT id, no, record, email, lang, phrase_no, cause, statement, at, done_at FROM erasure;
DROP TABLE erasure;
ALTER TABLE erasure_next RENAME TO erasure;
CREATE INDEX erasure_open ON erasure (at) WHERE done_at IS NULL;
