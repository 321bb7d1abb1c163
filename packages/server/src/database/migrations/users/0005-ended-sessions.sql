-- Which sessions have ended a moment ago: every chat node asks every few seconds, so that no loss of a message between
-- services leaves a socket open.
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;
