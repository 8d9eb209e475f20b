-- Tokens of machines have a key by which they are named and revoked, and a scope. Cookies have neither.

alter table sessions add column token_id text not null default '';
alter table sessions add column token_scope text not null default 'full';
create index sessions_token on sessions (token_id);
