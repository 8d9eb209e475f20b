-- Recordings that were made for measuring tasks. The content lies in the data folder under its hash; the time is that of the
-- first sample.

create table task_files (
    id text primary key,
    task_id text not null references measuring_tasks (id),
    name text not null,
    content_type text not null,
    size_bytes bigint not null,
    sha256 text not null,
    uploaded_by text not null,
    uploaded_us bigint not null
);
create index task_files_task on task_files (task_id, uploaded_us);
create index task_files_content on task_files (sha256);
