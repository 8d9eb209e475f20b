-- Files of requests between offices: maps, plans, letters. The content lies in the data folder under its hash, as that of the
-- files of conflicts does; who added and removed what stands in the request's thread.

create table request_files (
    id text primary key,
    request_id text not null references requests (id),
    name text not null,
    content_type text not null,
    size_bytes bigint not null,
    sha256 text not null,
    uploaded_by text not null,
    uploaded_us bigint not null
);
create index request_files_request on request_files (request_id, uploaded_us);
create index request_files_content on request_files (sha256);
