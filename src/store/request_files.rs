//! Files that belong to requests: their rows. The content lies in the data folder under its hash.

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

    /// Files of this request.
    pub(crate) async fn request_files_count(&mut self, request: &str) -> Result<u64> {
        let sql = "select count(*) as files from request_files where request_id = $1";
        let row = self.fetch_optional(sql, values![request]).await?;
        row.map_or(Ok(0), |row| row.count("files"))
    }
}

impl Store {
    /// Files of a request, oldest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn request_files(&self, request: &str) -> Result<Vec<FileRecord>> {
        let columns = TABLE.columns();
        let sql = format!("select {columns} from request_files where request_id = $1 order by uploaded_us, id");
        let rows = self.fetch_all(sql, values![request]).await?;
        rows.iter().map(FileRecord::read).collect()
    }

    /// One file of a request.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn request_file(&self, request: &str, id: &str) -> Result<FileRecord> {
        let columns = TABLE.columns();
        let sql = format!("select {columns} from request_files where request_id = $1 and id = $2");
        let row = self.fetch_optional(sql, values![request, id]).await?;
        FileRecord::found(row.as_ref(), id)
    }
}
