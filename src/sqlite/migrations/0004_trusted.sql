-- What was trusted, to show what has changed since. Of what was trusted before this, only the hash is known.
ALTER TABLE trust ADD COLUMN content BLOB;
