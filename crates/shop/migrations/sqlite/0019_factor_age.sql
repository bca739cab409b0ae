-- How old what was replaced by somebody who had proved an old factor is: the way back from a change of the address, which
-- takes young factors away, lets such an heir stay.
ALTER TABLE totp ADD COLUMN heir_since INTEGER;
ALTER TABLE recovery_code ADD COLUMN heir_since INTEGER;

-- The app that was turned off in this session: when, and how old it was.
ALTER TABLE session ADD COLUMN app_off_at INTEGER;
ALTER TABLE session ADD COLUMN app_off_since INTEGER;
