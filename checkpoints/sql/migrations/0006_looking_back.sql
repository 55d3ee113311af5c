-- Whether only a look back at the rows since a change asked: what is genuine there may still break in a single window.
alter table questions add column looked_back boolean not null default false;
