-- The hourly look at unused accounts finds those that are due, and not again all that were told already.
ALTER TABLE customer ADD COLUMN dormant BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE customer SET dormant = TRUE WHERE id IN (SELECT customer_id FROM dormancy);
CREATE INDEX customer_unused ON customer (COALESCE(active_at, created_at), id) WHERE NOT dormant;
DROP INDEX dormancy_told;
CREATE INDEX dormancy_to_reduce ON dormancy (told_at, customer_id) WHERE reduced_at IS NULL;
CREATE INDEX dormancy_to_warn_again ON dormancy (warned_at, customer_id) WHERE warned_at IS NOT NULL AND warned_again_at IS NULL;
CREATE INDEX dormancy_to_erase ON dormancy (warned_again_at, customer_id) WHERE warned_again_at IS NOT NULL;
