-- Since when the shop has found that something in this row lies further ahead than on a right clock, by the clock that found
-- it. Either that clock is behind, or the one that wrote the row was ahead; which of the two, time tells. NULL: nothing does.
ALTER TABLE email_change ADD COLUMN ahead_since INTEGER;
CREATE INDEX email_change_ahead ON email_change (ahead_since) WHERE ahead_since IS NOT NULL;
