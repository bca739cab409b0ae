-- What people call goods besides their names: readings, other spellings, synonyms. Never shown; searched like the name.
ALTER TABLE category ADD COLUMN search_words TEXT NOT NULL DEFAULT '';
ALTER TABLE product ADD COLUMN search_words TEXT NOT NULL DEFAULT '';
