-- What a change of the address leaves behind.

-- When the person had last shown that the mailbox of before is theirs, as customer.email_verified_at had it: a recovery
-- code that puts the address back shows nothing about the mailbox. NULL: it is not in effect, or when the account was opened.
ALTER TABLE email_change ADD COLUMN old_verified_at INTEGER;

-- The shop itself asks once more at the new address ('asked_anew', by 'address_change'), and nobody has asked for that.
-- Entries of before cannot be told from what people asked for, and are never rewritten.
DROP TRIGGER newsletter_consent_stays_update;
DROP TRIGGER newsletter_consent_stays_delete;
CREATE TABLE newsletter_consent_next (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  customer_id BLOB NOT NULL CHECK (length(customer_id) = 16),
  act TEXT NOT NULL CHECK (act IN ('asked', 'asked_anew', 'confirmed', 'withdrawn')),
  -- Which version of the words was shown, and in which language.
  words TEXT NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
  source TEXT NOT NULL CHECK (source IN ('account', 'mail', 'one_click', 'address_change')),
  at INTEGER NOT NULL,
  CHECK ((act = 'asked_anew') = (source = 'address_change'))
);
INSERT INTO newsletter_consent_next SELECT id, customer_id, act, words, lang, source, at FROM newsletter_consent;
DROP TABLE newsletter_consent;
ALTER TABLE newsletter_consent_next RENAME TO newsletter_consent;
CREATE INDEX newsletter_consent_customer ON newsletter_consent (customer_id, at);
CREATE TRIGGER newsletter_consent_stays_update BEFORE UPDATE ON newsletter_consent
BEGIN SELECT RAISE(ABORT, 'the ledger of consent is append-only'); END;
CREATE TRIGGER newsletter_consent_stays_delete BEFORE DELETE ON newsletter_consent
BEGIN SELECT RAISE(ABORT, 'the ledger of consent is append-only'); END;
