-- Which browser a session is in, by the token that its person is known by there (SHA-256): with the session that is ended
-- the browser is forgotten. Empty: a session of before.
ALTER TABLE session ADD COLUMN device_hash BYTEA CHECK (length(device_hash) = 32);
CREATE INDEX session_device ON session (device_hash) WHERE device_hash IS NOT NULL;
