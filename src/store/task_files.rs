//! Recordings of measuring tasks: their rows. The content lies in the data folder under its hash.

use jiff::Timestamp;

use super::{
    Store, Tx,
    engine::{Value, values},
    files::{FileRecord, FileTable},
};
use crate::{Result, coordination::tasks::TaskState};

const TABLE: FileTable = FileTable {
    name: "task_files",
    owner: "task_id",
};

impl Tx {
    /// Adds the row.
    pub(crate) async fn put_task_file(&mut self, file: &FileRecord) -> Result<()> {
        self.put_file(&TABLE, file).await
    }

    /// Size of the recordings of all tasks together.
    pub(crate) async fn task_files_size(&mut self) -> Result<u64> {
        let sql = "select cast(coalesce(sum(size_bytes), 0) as bigint) as size from task_files";
        let row = self.fetch_optional(sql, Vec::new()).await?;
        row.map_or(Ok(0), |row| row.count("size"))
    }

    /// Removes the rows of the oldest files of tasks that are over and begin before `before`; answers what they said.
    pub(crate) async fn take_old_task_files(&mut self, before: Timestamp, limit: u32) -> Result<Vec<FileRecord>> {
        let columns = TABLE.columns();
        let over = TaskState::ALL.into_iter().filter(|state| state.is_over());
        let mut values = values![before];
        values.extend(over.map(|state| Value::from(state.name())));
        let states: Vec<String> = (2..=values.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "delete from task_files where id in (select f.id from task_files f join measuring_tasks t on t.id = f.task_id \
             where f.uploaded_us < $1 and t.state in ({}) order by f.uploaded_us, f.id limit {limit}) returning {columns}",
            states.join(", ")
        );
        let rows = self.fetch_all(sql, values).await?;
        rows.iter().map(FileRecord::read).collect()
    }
}

impl Store {
    /// Recordings of a task, oldest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn task_files(&self, task: &str) -> Result<Vec<FileRecord>> {
        let columns = TABLE.columns();
        let sql = format!("select {columns} from task_files where task_id = $1 order by uploaded_us, name");
        let rows = self.fetch_all(sql, values![task]).await?;
        rows.iter().map(FileRecord::read).collect()
    }

    /// One recording of a task.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn task_file(&self, task: &str, id: &str) -> Result<FileRecord> {
        let columns = TABLE.columns();
        let sql = format!("select {columns} from task_files where task_id = $1 and id = $2");
        let row = self.fetch_optional(sql, values![task, id]).await?;
        FileRecord::found(row.as_ref(), id)
    }
}
