-- What a change of the address leaves behind.

-- When the person had last shown that the mailbox of before is theirs, as customer.email_verified_at had it: a recovery
-- code that puts the address back shows nothing about the mailbox. NULL: it is not in effect, or when the account was opened.
ALTER TABLE email_change ADD COLUMN old_verified_at BIGINT;

-- The shop itself asks once more at the new address ('asked_anew', by 'address_change'), and nobody has asked for that.
-- Entries of before cannot be told from what people asked for, and are never rewritten.
ALTER TABLE newsletter_consent DROP CONSTRAINT newsletter_consent_act_check;
ALTER TABLE newsletter_consent ADD CHECK (act IN ('asked', 'asked_anew', 'confirmed', 'withdrawn'));
ALTER TABLE newsletter_consent DROP CONSTRAINT newsletter_consent_source_check;
ALTER TABLE newsletter_consent ADD CHECK (source IN ('account', 'mail', 'one_click', 'address_change'));
ALTER TABLE newsletter_consent ADD CHECK ((act = 'asked_anew') = (source = 'address_change'));
