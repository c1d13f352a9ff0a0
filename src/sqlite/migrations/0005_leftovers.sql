-- Who the leftovers of an attempt are: a JSON list of "pid start", beside the list that is for people.
ALTER TABLE attempts ADD COLUMN left_running TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(left_running));
