-- Which vault the personal data in this database are sealed by.
CREATE TABLE vault_check (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  fingerprint BYTEA NOT NULL CHECK (length(fingerprint) = 32)
);
