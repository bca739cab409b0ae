-- The session that began to set the app up: what another session of the same customer has begun may be a thief's, who knows
-- the secret. Empty: it is on, or it was begun before this was kept.
ALTER TABLE totp ADD COLUMN begun_by UUID;
