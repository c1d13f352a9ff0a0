-- Files of the user's own checkout that were written while an attempt's agent ran: a JSON list.
ALTER TABLE attempts ADD COLUMN touched TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(touched));
