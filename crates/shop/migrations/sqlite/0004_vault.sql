-- Which vault the personal data in this database are sealed by.
CREATE TABLE vault_check (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32)
);
