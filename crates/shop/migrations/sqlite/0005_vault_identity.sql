-- What tells the vault from any other for ever; its fingerprint changes with the key by which people are found.
ALTER TABLE vault_check ADD COLUMN identity BLOB CHECK (length(identity) = 32);
