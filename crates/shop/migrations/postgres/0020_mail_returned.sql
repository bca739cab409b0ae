-- A mail that was taken by the mail server and came back later, when its server's report was read, and with which status
-- (RFC 3463). Whoever it was passed on to may have it all the same: it stays one that was sent.
ALTER TABLE mail_sent ADD COLUMN returned_at BIGINT;
ALTER TABLE mail_sent ADD COLUMN returned_status TEXT;
CREATE INDEX mail_sent_returned ON mail_sent (returned_at) WHERE returned_at IS NOT NULL;
