-- An address by which a code was asked for, keyed by the shop and by nothing to be found again: tries at it are counted
-- alike whether or not it has an account. It goes with its row, minutes later, so another index key does not change it.
ALTER TABLE challenge ADD COLUMN whom BYTEA CHECK (length(whom) = 32);
