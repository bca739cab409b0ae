-- Where a customer has parcels sent, sealed for the customer's own record.
CREATE TABLE address (
  id UUID PRIMARY KEY,
  customer_id UUID NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  name BYTEA NOT NULL, kana BYTEA, postal_code BYTEA NOT NULL, city BYTEA NOT NULL, street BYTEA NOT NULL, building BYTEA, phone BYTEA NOT NULL,
  prefecture BIGINT NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
  -- The one that is offered first.
  is_default BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX address_customer ON address (customer_id, created_at);
CREATE UNIQUE INDEX address_default ON address (customer_id) WHERE is_default;

-- Orders of guests, which the owner of their address may bring into an account.
CREATE INDEX orders_of_guests ON orders (email_index) WHERE customer_id IS NULL;

-- When a code from the mailbox was given in this session, as far as that still counts for bringing orders in.
ALTER TABLE session ADD COLUMN mailbox_proved_at BIGINT;

-- A challenge may be for that as well.
ALTER TABLE challenge DROP CONSTRAINT challenge_kind_check;
ALTER TABLE challenge ADD CONSTRAINT challenge_kind_check CHECK (kind IN ('sign_in', 'reset', 'claim'));
