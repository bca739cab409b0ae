-- Only PostgreSQL needs to be told to search by its index.
SELECT 1;
