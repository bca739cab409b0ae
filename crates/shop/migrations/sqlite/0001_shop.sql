-- Times are UTC milliseconds, money is whole yen with tax, person fields are sealed bytes.

CREATE TABLE category (
  id INTEGER PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE CHECK (length(slug) BETWEEN 1 AND 80),
  parent_id INTEGER REFERENCES category (id),
  position INTEGER NOT NULL,
  name_ja TEXT NOT NULL,
  name_en TEXT NOT NULL,
  text_ja TEXT NOT NULL,
  text_en TEXT NOT NULL
);
CREATE INDEX category_parent ON category (parent_id, position);

CREATE TABLE product (
  id INTEGER PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE CHECK (length(slug) BETWEEN 1 AND 80),
  category_id INTEGER NOT NULL REFERENCES category (id),
  state TEXT NOT NULL CHECK (state IN ('draft', 'active', 'archived')),
  name_ja TEXT NOT NULL,
  name_en TEXT NOT NULL,
  summary_ja TEXT NOT NULL,
  summary_en TEXT NOT NULL,
  text_ja TEXT NOT NULL,
  text_en TEXT NOT NULL,
  details_ja TEXT NOT NULL,
  details_en TEXT NOT NULL,
  brand TEXT NOT NULL,
  tax_class TEXT NOT NULL CHECK (tax_class IN ('standard', 'reduced')),
  option1_name_ja TEXT NOT NULL, option1_name_en TEXT NOT NULL,
  option2_name_ja TEXT NOT NULL, option2_name_en TEXT NOT NULL,
  option3_name_ja TEXT NOT NULL, option3_name_en TEXT NOT NULL,
  -- Kept by the import and by every change of stock, so that lists read one table.
  price_min INTEGER NOT NULL CHECK (price_min >= 0),
  price_max INTEGER NOT NULL CHECK (price_max >= price_min),
  in_stock BOOLEAN NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
-- Covers all that lists are sorted and narrowed by, so that filling the shelf never touches the wide rows.
CREATE INDEX product_category ON product (category_id, state, id, price_min, price_max, in_stock, created_at);
CREATE INDEX product_new ON product (state, created_at DESC, id DESC);

-- What changed since, for the sets that lists are answered from: the shop's memory follows it.
CREATE TABLE product_change (
  changed INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id INTEGER NOT NULL UNIQUE
);
CREATE TRIGGER product_put_in AFTER INSERT ON product BEGIN
  DELETE FROM product_change WHERE product_id = NEW.id;
  INSERT INTO product_change (product_id) VALUES (NEW.id);
END;
CREATE TRIGGER product_changed AFTER UPDATE OF category_id, state, price_min, price_max, in_stock, created_at ON product BEGIN
  DELETE FROM product_change WHERE product_id = NEW.id;
  INSERT INTO product_change (product_id) VALUES (NEW.id);
END;
CREATE TRIGGER product_taken_out AFTER DELETE ON product BEGIN
  DELETE FROM product_change WHERE product_id = OLD.id;
  INSERT INTO product_change (product_id) VALUES (OLD.id);
END;

-- One picture file, by the SHA-256 of its source; its AVIF and WebP versions stand in the media folder.
CREATE TABLE picture (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES product (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  width INTEGER NOT NULL CHECK (width > 0),
  height INTEGER NOT NULL CHECK (height > 0),
  alt_ja TEXT NOT NULL,
  alt_en TEXT NOT NULL,
  UNIQUE (product_id, position)
);

CREATE TABLE variant (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES product (id),
  sku TEXT NOT NULL UNIQUE CHECK (length(sku) BETWEEN 1 AND 64),
  position INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'archived')),
  option1_ja TEXT NOT NULL, option1_en TEXT NOT NULL,
  option2_ja TEXT NOT NULL, option2_en TEXT NOT NULL,
  option3_ja TEXT NOT NULL, option3_en TEXT NOT NULL,
  price INTEGER NOT NULL CHECK (price >= 0),
  compare_at INTEGER CHECK (compare_at > price),
  weight_g INTEGER NOT NULL CHECK (weight_g >= 0),
  picture_id INTEGER REFERENCES picture (id) ON DELETE SET NULL
);
CREATE INDEX variant_product ON variant (product_id, position);
-- A picture that goes asks which variants showed it.
CREATE INDEX variant_picture ON variant (picture_id);

CREATE TABLE stock (
  variant_id INTEGER PRIMARY KEY REFERENCES variant (id),
  on_hand INTEGER NOT NULL,
  reserved INTEGER NOT NULL DEFAULT 0,
  CHECK (reserved >= 0 AND reserved <= on_hand)
);

-- What lists are narrowed by: facet 'brand' and one per option axis, keyed by its English name.
CREATE TABLE product_facet (
  product_id INTEGER NOT NULL REFERENCES product (id) ON DELETE CASCADE,
  category_id INTEGER NOT NULL REFERENCES category (id),
  facet TEXT NOT NULL,
  value TEXT NOT NULL,
  facet_ja TEXT NOT NULL,
  facet_en TEXT NOT NULL,
  value_ja TEXT NOT NULL,
  value_en TEXT NOT NULL,
  PRIMARY KEY (product_id, facet, value)
);
CREATE INDEX product_facet_value ON product_facet (category_id, facet, value, product_id);

CREATE VIRTUAL TABLE product_search USING fts5 (grams, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii');

-- Which key the personal data in this database is sealed with, as a fingerprint that tells nothing of it.
CREATE TABLE key_check (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32)
);

CREATE TABLE customer (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  email_index BLOB NOT NULL UNIQUE CHECK (length(email_index) = 32),
  email BLOB NOT NULL,
  name BLOB,
  password_hash TEXT NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
  created_at INTEGER NOT NULL,
  password_changed_at INTEGER NOT NULL
);

-- Registration waits here until the code from the mail proves the address.
CREATE TABLE registration (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  -- The browser that asked holds the token: a code alone opens nothing.
  token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  email_index BLOB NOT NULL CHECK (length(email_index) = 32),
  email BLOB NOT NULL,
  password_hash TEXT NOT NULL,
  code_hash BLOB NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  lang TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE INDEX registration_expires ON registration (expires_at);
CREATE INDEX registration_email ON registration (email_index);

CREATE TABLE session (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  customer_id BLOB NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  user_agent TEXT NOT NULL,
  network TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended_at INTEGER
);
CREATE INDEX session_customer ON session (customer_id, ended_at, seen_at);

CREATE TABLE sign_in (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  customer_id BLOB NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'wrong_password', 'blocked')),
  user_agent TEXT NOT NULL,
  network TEXT NOT NULL
);
CREATE INDEX sign_in_customer ON sign_in (customer_id, at);

-- Tries per key (an address's index, a network) in a window, so that limits hold across nodes.
CREATE TABLE rate_limit (
  key BLOB PRIMARY KEY,
  window_start INTEGER NOT NULL,
  tries INTEGER NOT NULL CHECK (tries >= 0)
);

CREATE TABLE cart (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  token_hash BLOB UNIQUE CHECK (length(token_hash) = 32),
  customer_id BLOB UNIQUE REFERENCES customer (id) ON DELETE SET NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE cart_line (
  cart_id BLOB NOT NULL REFERENCES cart (id) ON DELETE CASCADE,
  variant_id INTEGER NOT NULL REFERENCES variant (id),
  quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  price_seen INTEGER NOT NULL CHECK (price_seen >= 0),
  added_at INTEGER NOT NULL,
  PRIMARY KEY (cart_id, variant_id)
);

-- What a shopper has filled in so far; goes with the cart.
CREATE TABLE checkout (
  cart_id BLOB PRIMARY KEY REFERENCES cart (id) ON DELETE CASCADE,
  -- Names the order to be: a second press of the button finds the first one's order.
  order_id BLOB NOT NULL UNIQUE CHECK (length(order_id) = 16),
  subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
  -- Finds what else this address has ordered, by its keyed index.
  email_index BLOB CHECK (length(email_index) = 32),
  email BLOB, name BLOB, kana BLOB, postal_code BLOB, city BLOB, street BLOB, building BLOB, phone BLOB,
  prefecture INTEGER CHECK (prefecture BETWEEN 1 AND 47),
  delivery_method TEXT,
  delivery_date TEXT,
  delivery_slot TEXT,
  gift_wrap BOOLEAN NOT NULL DEFAULT FALSE,
  gift_message BLOB,
  payment_method TEXT,
  updated_at INTEGER NOT NULL
);

CREATE TABLE orders (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  no TEXT NOT NULL UNIQUE,
  token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  cart_id BLOB NOT NULL,
  customer_id BLOB REFERENCES customer (id) ON DELETE SET NULL,
  subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
  lang TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
  state TEXT NOT NULL CHECK (state IN ('draft', 'placed', 'cancelled', 'completed')),
  payment_state TEXT NOT NULL CHECK (payment_state IN ('unpaid', 'authorised', 'paid', 'partly_refunded', 'refunded', 'failed', 'expired')),
  shipment_state TEXT NOT NULL CHECK (shipment_state IN ('open', 'packed', 'shipped', 'delivered', 'returned')),
  payment_method TEXT NOT NULL CHECK (payment_method IN ('card', 'transfer', 'cash')),
  delivery_method TEXT NOT NULL,
  delivery_date TEXT,
  delivery_slot TEXT,
  gift_wrap BOOLEAN NOT NULL,
  gift_message BLOB,
  email_index BLOB CHECK (length(email_index) = 32),
  email BLOB NOT NULL, name BLOB NOT NULL, kana BLOB, postal_code BLOB NOT NULL, city BLOB NOT NULL, street BLOB NOT NULL, building BLOB, phone BLOB NOT NULL,
  prefecture INTEGER NOT NULL CHECK (prefecture BETWEEN 1 AND 47),
  goods INTEGER NOT NULL CHECK (goods >= 0),
  shipping INTEGER NOT NULL CHECK (shipping >= 0),
  payment_fee INTEGER NOT NULL CHECK (payment_fee >= 0),
  total INTEGER NOT NULL,
  standard_gross INTEGER NOT NULL, standard_tax INTEGER NOT NULL,
  reduced_gross INTEGER NOT NULL, reduced_tax INTEGER NOT NULL,
  -- The final confirmation as it was shown (特商法12条の6), goods, sums and words without the person,
  -- and its SHA-256, which the shopper's press of the button carried.
  shown TEXT NOT NULL,
  shown_hash BLOB NOT NULL CHECK (length(shown_hash) = 32),
  created_at INTEGER NOT NULL,
  placed_at INTEGER,
  pay_until INTEGER,
  CHECK (total = goods + shipping + payment_fee),
  CHECK (total = standard_gross + reduced_gross)
);
CREATE INDEX orders_customer ON orders (customer_id, placed_at);
CREATE INDEX orders_cart ON orders (cart_id);
-- What the sweeper looks through every few seconds: only what still waits for money.
CREATE INDEX orders_waiting ON orders (pay_until, id) WHERE payment_state = 'unpaid' AND pay_until IS NOT NULL;

CREATE TABLE order_line (
  order_id BLOB NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  variant_id INTEGER NOT NULL,
  sku TEXT NOT NULL,
  slug TEXT NOT NULL,
  name_ja TEXT NOT NULL, name_en TEXT NOT NULL,
  options_ja TEXT NOT NULL, options_en TEXT NOT NULL,
  picture TEXT,
  price INTEGER NOT NULL CHECK (price >= 0),
  quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  tax_class TEXT NOT NULL CHECK (tax_class IN ('standard', 'reduced')),
  PRIMARY KEY (order_id, position)
);

-- Units held for an order that is paying. 'held' counts in stock.reserved; 'taken' has left stock.on_hand.
CREATE TABLE reservation (
  order_id BLOB NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  variant_id INTEGER NOT NULL REFERENCES variant (id),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  state TEXT NOT NULL CHECK (state IN ('held', 'taken', 'released')),
  PRIMARY KEY (order_id, variant_id)
);

-- Money moved, append-only: 'captured' and 'refunded' amounts with the provider's own reference.
CREATE TABLE payment (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  order_id BLOB NOT NULL REFERENCES orders (id),
  provider TEXT NOT NULL,
  reference TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('captured', 'refunded')),
  amount INTEGER NOT NULL CHECK (amount > 0),
  at INTEGER NOT NULL,
  UNIQUE (provider, reference, kind)
);
CREATE INDEX payment_order ON payment (order_id);
-- What is booked stays booked, and no more goes back than came in; settling holds the order's row meanwhile.
CREATE TRIGGER payment_stays_update BEFORE UPDATE ON payment
BEGIN SELECT RAISE(ABORT, 'the ledger of money is append-only'); END;
CREATE TRIGGER payment_stays_delete BEFORE DELETE ON payment
BEGIN SELECT RAISE(ABORT, 'the ledger of money is append-only'); END;
CREATE TRIGGER payment_covered BEFORE INSERT ON payment WHEN NEW.kind = 'refunded'
BEGIN
  SELECT RAISE(ABORT, 'more would be refunded than was captured')
  WHERE NEW.amount > (SELECT COALESCE(SUM(CASE kind WHEN 'captured' THEN amount ELSE -amount END), 0) FROM payment WHERE order_id = NEW.order_id)
    -- The same refund again is no second one: the UNIQUE key above answers it.
    AND NOT EXISTS (SELECT 1 FROM payment WHERE provider = NEW.provider AND reference = NEW.reference AND kind = NEW.kind);
END;

-- One try to pay on the provider's page.
CREATE TABLE payment_try (
  reference TEXT PRIMARY KEY,
  order_id BLOB NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  provider TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  state TEXT NOT NULL CHECK (state IN ('open', 'succeeded', 'declined', 'abandoned')),
  created_at INTEGER NOT NULL
);
CREATE INDEX payment_try_order ON payment_try (order_id);
-- What the bank is asked about.
CREATE INDEX payment_try_open ON payment_try (created_at, reference) WHERE state = 'open';

CREATE TABLE webhook_inbox (
  provider TEXT NOT NULL,
  event_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY (provider, event_id)
);
-- What a person must look at is counted every few seconds.
CREATE INDEX webhook_inbox_unknown ON webhook_inbox (received_at) WHERE outcome = 'unknown';

CREATE TABLE order_event (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  order_id BLOB NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL CHECK (actor IN ('shopper', 'shop', 'bank', 'system')),
  kind TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX order_event_order ON order_event (order_id, at);
CREATE INDEX order_event_alarm ON order_event (order_id) WHERE kind = 'alarm';

-- The test bank's own books (development): what a real provider would keep at its end.
CREATE TABLE test_bank (
  reference TEXT PRIMARY KEY,
  amount INTEGER NOT NULL,
  lang TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'challenged', 'succeeded', 'declined', 'abandoned', 'refunded')),
  created_at INTEGER NOT NULL
);

-- Work that must survive a crash, written in the transaction that makes it necessary.
CREATE TABLE outbox (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  key TEXT NOT NULL UNIQUE,
  topic TEXT NOT NULL,
  payload TEXT NOT NULL,
  run_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  leased_until INTEGER NOT NULL DEFAULT 0,
  done_at INTEGER,
  -- It can never succeed; a person must look.
  failed_at INTEGER,
  last_error TEXT
);
CREATE INDEX outbox_due ON outbox (topic, run_at, id) WHERE done_at IS NULL AND failed_at IS NULL;
CREATE INDEX outbox_over ON outbox (done_at);

CREATE TABLE notice (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  no TEXT NOT NULL UNIQUE,
  version TEXT NOT NULL CHECK (version IN ('sokuho', 'zokuho', 'kakuho')),
  published_at INTEGER NOT NULL,
  -- Every required part in both languages, as JSON; see domain::notice.
  content TEXT NOT NULL
);

CREATE TABLE notice_person (
  notice_id BLOB NOT NULL REFERENCES notice (id),
  customer_id BLOB NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
  -- Verdict per field, as JSON; see domain::notice.
  verdicts TEXT NOT NULL,
  read_at INTEGER,
  acknowledged_at INTEGER,
  PRIMARY KEY (notice_id, customer_id)
);
CREATE INDEX notice_person_customer ON notice_person (customer_id);

-- What the housekeeping looks through: only what can come due, so that it never reads a whole table.
CREATE INDEX cart_guest ON cart (customer_id, updated_at) WHERE customer_id IS NULL;
CREATE INDEX checkout_updated ON checkout (updated_at);
CREATE INDEX orders_not_placed ON orders (created_at) WHERE placed_at IS NULL;
CREATE INDEX outbox_failed ON outbox (done_at, failed_at) WHERE done_at IS NULL AND failed_at IS NOT NULL;
CREATE INDEX webhook_inbox_received ON webhook_inbox (received_at);
CREATE INDEX rate_limit_begun ON rate_limit (window_start);
CREATE INDEX session_seen ON session (seen_at);
CREATE INDEX sign_in_at ON sign_in (at);
-- What one e-mail address holds without having paid for it.
CREATE INDEX orders_awaited ON orders (email_index) WHERE payment_method = 'transfer' AND state = 'placed' AND payment_state = 'unpaid';
