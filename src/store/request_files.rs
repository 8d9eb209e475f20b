//! Files that belong to requests: their rows. The content lies in the data folder under its hash.

use jiff::Timestamp;

use super::{
    Store, Tx,
    engine::values,
    files::{FileRecord, FileTable},
};
use crate::Result;

const TABLE: FileTable = FileTable {
    name: "request_files",
    owner: "request_id",
};

impl Tx {
    /// Adds the row.
    pub(crate) async fn put_request_file(&mut self, file: &FileRecord) -> Result<()> {
        self.put_file(&TABLE, file).await
    }

    /// Removes the row of a file of this request; answers what it said.
    pub(crate) async fn take_request_file(&mut self, request: &str, id: &str) -> Result<FileRecord> {
        let columns = TABLE.columns();
        let sql = format!("delete from request_files where request_id = $1 and id = $2 returning {columns}");
        let row = self.fetch_optional(sql, values![request, id]).await?;
        FileRecord::found(row.as_ref(), id)
    }

    /// Files of this request; those that wait are counted for those who know of them.
    pub(crate) async fn request_files_count(&mut self, request: &str, knows_sealed: bool) -> Result<u64> {
        let sql = "select count(*) as files from request_files where request_id = $1 and sealed <= $2";
        let row = self.fetch_optional(sql, values![request, knows_sealed]).await?;
        row.map_or(Ok(0), |row| row.count("files"))
    }

    /// A file that was added waits for its publication.
    pub(crate) async fn seal_request_file(&mut self, id: &str) -> Result<()> {
        let sql = "update request_files set sealed = 1 where id = $1";
        self.execute(sql, values![id]).await.map(drop)
    }

    /// A file that waited is there for both sides, from now on.
    pub(crate) async fn publish_request_file(&mut self, id: &str, now: Timestamp) -> Result<()> {
        let sql = "update request_files set sealed = 0, uploaded_us = $2 where id = $1";
        self.execute(sql, values![id, now]).await.map(drop)
    }
}

impl Store {
    /// Files of a request, oldest first; those that wait for those who know of them.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn request_files(&self, request: &str, knows_sealed: bool) -> Result<Vec<FileRecord>> {
        let columns = TABLE.columns();
        let sql = format!(
            "select {columns} from request_files where request_id = $1 and sealed <= $2 order by uploaded_us, id"
        );
        let rows = self.fetch_all(sql, values![request, knows_sealed]).await?;
        rows.iter().map(FileRecord::read).collect()
    }

    /// One file of a request.
    ///
    /// # Errors
    /// `NotFound`, also for one that waits where `knows_sealed` is not set; `Store` when reading fails.
    pub async fn request_file(&self, request: &str, id: &str, knows_sealed: bool) -> Result<FileRecord> {
        let columns = TABLE.columns();
        let sql = format!("select {columns} from request_files where request_id = $1 and id = $2 and sealed <= $3");
        let row = self.fetch_optional(sql, values![request, id, knows_sealed]).await?;
        FileRecord::found(row.as_ref(), id)
    }
}
