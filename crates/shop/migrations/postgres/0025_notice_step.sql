-- The steps of a notice that the person whom it is about has ticked off. What they took back is not kept.
CREATE TABLE notice_step (
  customer_id UUID NOT NULL,
  notice_id UUID NOT NULL,
  -- Its place among the steps of the notice, the first being 0; a notice that is published never changes.
  number BIGINT NOT NULL CHECK (number >= 0),
  done_at BIGINT NOT NULL,
  PRIMARY KEY (customer_id, notice_id, number),
  FOREIGN KEY (notice_id, customer_id) REFERENCES notice_person (notice_id, customer_id) ON DELETE CASCADE
);
