-- When a job was first due: `run_at` moves on with every try, and would hide for how long it has been failing.
ALTER TABLE outbox ADD COLUMN due_at BIGINT NOT NULL DEFAULT 0;
UPDATE outbox SET due_at = run_at;
