-- What was left to do at the door.

-- The token that a session had before its person proved once more who they are: for a moment requests that were under
-- way with it still find who they are from.
ALTER TABLE session ADD COLUMN earlier_hash BYTEA CHECK (length(earlier_hash) = 32);
ALTER TABLE session ADD COLUMN renewed_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX session_earlier ON session (earlier_hash) WHERE earlier_hash IS NOT NULL;

-- The new password that waits until its owner's app has been asked as well.
ALTER TABLE challenge ADD COLUMN password_hash TEXT;

-- Codes of 80 bits, for which a quick hash is not enough. Their owners are shown that none are left.
DELETE FROM recovery_code;

-- Second factors that are to be taken from an account whose owner has lost them, once the owner had time to object.
CREATE TABLE factor_removal (
  customer_id UUID PRIMARY KEY REFERENCES customer (id) ON DELETE CASCADE,
  asked_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  CHECK (due_at > asked_at)
);
CREATE INDEX factor_removal_due ON factor_removal (due_at);
