-- Where a customer has parcels sent, sealed for the customer's own record.
CREATE TABLE address (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  customer_id BLOB NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  name BLOB NOT NULL, kana BLOB, postal_code BLOB NOT NULL, city BLOB NOT NULL, street BLOB NOT NULL, building BLOB, phone BLOB NOT NULL,
  prefecture INTEGER NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
  -- The one that is offered first.
  is_default BOOLEAN NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX address_customer ON address (customer_id, created_at);
CREATE UNIQUE INDEX address_default ON address (customer_id) WHERE is_default;

-- Orders of guests, which the owner of their address may bring into an account.
CREATE INDEX orders_of_guests ON orders (email_index) WHERE customer_id IS NULL;

-- When a code from the mailbox was given in this session, as far as that still counts for bringing orders in.
ALTER TABLE session ADD COLUMN mailbox_proved_at INTEGER;

-- A challenge may be for that as well. A column takes its constraint along when it goes; the new one must have a default,
-- and has the word that opens no door.
ALTER TABLE challenge RENAME COLUMN kind TO kind_before;
ALTER TABLE challenge ADD COLUMN kind TEXT NOT NULL DEFAULT 'claim' CHECK (kind IN ('sign_in', 'reset', 'claim'));
UPDATE challenge SET kind = kind_before;
ALTER TABLE challenge DROP COLUMN kind_before;
