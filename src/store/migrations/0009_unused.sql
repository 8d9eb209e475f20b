-- Conflicts without an emission: an assignment that is not used. What an emission's verdict keeps of the rules and the
-- registry it was judged by, the conflict itself has to keep then.

alter table conflicts add column rules_version text;
alter table conflicts add column registry_version text;
