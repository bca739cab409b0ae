-- The mails of the shop by their numbers: what kind of mail, when, and what became of it. Never to which address.
CREATE TABLE mail_sent (
  id UUID PRIMARY KEY,
  no TEXT NOT NULL UNIQUE,
  -- Of its job in the outbox, which is forgotten earlier.
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
  -- Empty until it is composed; no subject of ours names a person.
  subject TEXT NOT NULL DEFAULT '',
  -- Whose record holds the address: of a registration, an order or a customer.
  subject_id UUID NOT NULL,
  customer_id UUID REFERENCES customer (id) ON DELETE SET NULL,
  -- 'sending': the whole mail may be with the mail server, which has not said so yet.
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'bounced', 'given_up', 'cancelled')),
  -- How often an answer was lost in that state, so that the mail was handed over again.
  doubts BIGINT NOT NULL DEFAULT 0 CHECK (doubts >= 0),
  created_at BIGINT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX mail_sent_customer ON mail_sent (customer_id, created_at, id);
CREATE INDEX mail_sent_subject ON mail_sent (subject_id, created_at, id);
CREATE INDEX mail_sent_created ON mail_sent (created_at);
CREATE INDEX mail_sent_trouble ON mail_sent (state) WHERE state IN ('sending', 'bounced', 'given_up');

-- Who gets the newsletter, as the ledger of consent below has it; the links in mails find their person here.
CREATE TABLE newsletter_reader (
  customer_id UUID PRIMARY KEY REFERENCES customer (id) ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('asked', 'confirmed', 'withdrawn')),
  -- Of the link that confirms; until when it is good.
  confirm_hash BYTEA UNIQUE CHECK (length(confirm_hash) = 32),
  confirm_until BIGINT,
  -- Of the link that ends it, which is good for ever.
  leave_hash BYTEA NOT NULL UNIQUE CHECK (length(leave_hash) = 32),
  CHECK ((confirm_hash IS NULL) = (confirm_until IS NULL))
);
CREATE INDEX newsletter_reader_confirmed ON newsletter_reader (customer_id) WHERE state = 'confirmed';

-- What people have agreed to: asked, confirmed, withdrawn, with the words that they saw. A customer's number
-- says nothing once the account is gone; so it stays without a reference.
CREATE TABLE newsletter_consent (
  id UUID PRIMARY KEY,
  customer_id UUID NOT NULL,
  act TEXT NOT NULL CHECK (act IN ('asked', 'confirmed', 'withdrawn')),
  -- Which version of the words was shown, and in which language.
  words TEXT NOT NULL,
  lang TEXT NOT NULL CHECK (lang IN ('ja', 'en')),
  source TEXT NOT NULL CHECK (source IN ('account', 'mail', 'one_click')),
  at BIGINT NOT NULL
);
CREATE INDEX newsletter_consent_customer ON newsletter_consent (customer_id, at);
CREATE FUNCTION newsletter_consent_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger of consent is append-only';
END $$;
CREATE TRIGGER newsletter_consent_stays BEFORE UPDATE OR DELETE ON newsletter_consent
  FOR EACH ROW EXECUTE FUNCTION newsletter_consent_stays();

CREATE TABLE newsletter_issue (
  name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 60),
  -- Subject and text in both languages, as JSON; see shop::newsletter.
  content TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
