-- The newest of an account's tries that ended in one way are found however many others there are: whoever knows an address can
-- have as many wrong passwords written down as they have patience for. What lists all of them by time has an index already.
CREATE INDEX sign_in_outcome ON sign_in (customer_id, outcome, at);
