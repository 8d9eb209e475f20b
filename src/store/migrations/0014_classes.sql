-- Classes of emission an emission may be, best first: [{"name":"ook","score":0.93}]. Null: stored before they were told apart.

alter table emissions add column classes text;
