-- What is done first: 0 codes by mail, 1 all else, 2 what goes to many. Codes are good for ten minutes.
ALTER TABLE outbox ADD COLUMN priority BIGINT NOT NULL DEFAULT 1;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (topic, priority, run_at, id) WHERE done_at IS NULL AND failed_at IS NULL;
