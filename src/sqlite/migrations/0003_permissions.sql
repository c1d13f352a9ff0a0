-- What an attempt's agent may do besides its own verbs: a JSON list of commands, fixed at the claim.
ALTER TABLE attempts ADD COLUMN may TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(may));
