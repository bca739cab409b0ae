-- Searching goes by the index. The planner does not count what it costs to read the grams of a product, which lie
-- outside the row, and after some ANALYZE or other would rather read those of all 100,000 products.
CREATE FUNCTION search_hits(wanted TEXT) RETURNS SETOF BIGINT LANGUAGE sql STABLE SET enable_seqscan = off
  AS 'SELECT product_id FROM product_search WHERE grams @@ wanted::tsquery';
CREATE FUNCTION search_count(wanted TEXT, most BIGINT) RETURNS BIGINT LANGUAGE sql STABLE SET enable_seqscan = off
  AS 'SELECT count(*) FROM (SELECT 1 FROM product_search WHERE grams @@ wanted::tsquery LIMIT most) AS counted';
