-- What apps were let do and is over is removed a day later; the ledger keeps that it was.

create index oauth_grant_end on oauth_grant (ends_at);
