-- The steps of a notice that the person whom it is about has ticked off. What they took back is not kept.
CREATE TABLE notice_step (
  customer_id BLOB NOT NULL,
  notice_id BLOB NOT NULL,
  -- Its place among the steps of the notice, the first being 0; a notice that is published never changes.
  number INTEGER NOT NULL CHECK (number >= 0),
  done_at INTEGER NOT NULL,
  PRIMARY KEY (customer_id, notice_id, number),
  FOREIGN KEY (notice_id, customer_id) REFERENCES notice_person (notice_id, customer_id) ON DELETE CASCADE
);
