-- Which vault the personal data in this database are sealed by.
CREATE TABLE vault_check (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  fingerprint BYTEA NOT NULL CHECK (length(fingerprint) = 32)
);

-- Whether a record is still used, before its key is destroyed.
CREATE INDEX orders_subject ON orders (subject_id);
CREATE INDEX checkout_subject ON checkout (subject_id);
