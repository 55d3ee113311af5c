-- When a channel was last read for answers to a request: one that was given in time counts although it is read later.
alter table views add column heard_at timestamptz;
