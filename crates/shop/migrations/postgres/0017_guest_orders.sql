-- The person goes out of a guest's order as well: two years after the last that happened to it, or when they ask for it.

-- When the guest was told that their name and address are to go.
ALTER TABLE orders ADD COLUMN erase_told_at BIGINT;
CREATE INDEX orders_guest_old ON orders (customer_id, created_at, id) WHERE customer_id IS NULL AND erase_told_at IS NULL AND erase_asked_at IS NULL AND erased_at IS NULL;
CREATE INDEX orders_guest_told ON orders (customer_id, erase_told_at, id) WHERE customer_id IS NULL AND erase_told_at IS NOT NULL AND erase_asked_at IS NULL AND erased_at IS NULL;

-- An erasure may be that of a guest's order, who has no check phrase.
ALTER TABLE erasure ALTER COLUMN phrase_no DROP NOT NULL;
ALTER TABLE erasure DROP CONSTRAINT erasure_cause_check;
ALTER TABLE erasure ADD CHECK (cause IN ('asked', 'letter', 'dormant', 'order'));
ALTER TABLE erasure ADD CHECK ((phrase_no IS NULL) = (cause = 'order'));
