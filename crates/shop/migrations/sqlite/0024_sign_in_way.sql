-- By what somebody came in; of one who has not given the code that was asked for next, by what they had begun. Empty: nobody
-- came in, or it was before this was kept.
ALTER TABLE sign_in ADD COLUMN way TEXT CHECK (way IN
  ('password', 'password_mail', 'password_app', 'password_recovery', 'mail', 'mail_app', 'mail_recovery', 'passkey', 'registration'));
