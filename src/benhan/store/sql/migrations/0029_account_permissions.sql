-- What an account may do besides what its role may: the right to see what is of special secrecy.
alter table account add column permissions text[] not null default '{}';
