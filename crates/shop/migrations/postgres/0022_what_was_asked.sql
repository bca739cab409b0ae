-- What was asked of somebody, so that it counts for no more than it was.

-- When a code of the app, or a recovery code, was last given in this session. A passkey and the password prove the session
-- as well, and say nothing of the app. Empty: none was, or it is a session of before.
ALTER TABLE session ADD COLUMN app_proved_at BIGINT;

-- The try at the password that began this was counted against its network and everybody, who get it back once the code was
-- given. One in a browser that its owner is known by was not, nor was there one where a code of the mailbox came first.
ALTER TABLE challenge ADD COLUMN counted BOOLEAN NOT NULL DEFAULT FALSE;
