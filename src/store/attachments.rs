//! Files that belong to conflicts: their rows. The content lies in the data folder under its hash.

use jiff::Timestamp;

use super::{
    Store, Tx,
    engine::values,
    files::{FileRecord, FileTable},
    merging::BELOW,
};
use crate::Result;

const TABLE: FileTable = FileTable {
    name: "attachments",
    owner: "conflict_id",
};

impl Tx {
    /// Adds the row.
    pub(crate) async fn put_attachment(&mut self, file: &FileRecord) -> Result<()> {
        self.put_file(&TABLE, file).await
    }

    /// Removes the row of a file of this conflict or of one below it; answers what it said.
    pub(crate) async fn take_attachment(&mut self, conflict: &str, id: &str) -> Result<FileRecord> {
        let columns = TABLE.columns();
        let sql = format!("delete from attachments where conflict_id in ({BELOW}) and id = $2 returning {columns}");
        let row = self.fetch_optional(sql, values![conflict, id]).await?;
        FileRecord::found(row.as_ref(), id)
    }

    /// Size of all files of this uploader together.
    pub(crate) async fn attachments_size(&mut self, uploader: &str) -> Result<u64> {
        let sql = "select cast(coalesce(sum(size_bytes), 0) as bigint) as size from attachments where uploaded_by = $1";
        let row = self.fetch_optional(sql, values![uploader]).await?;
        row.map_or(Ok(0), |row| row.count("size"))
    }

    /// The oldest files of this uploader that belong to resolved conflicts and were attached before `before`.
    pub(crate) async fn settled_attachments(
        &mut self,
        uploader: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<FileRecord>> {
        let columns = TABLE.columns();
        let sql = format!(
            "select {columns} from attachments where uploaded_by = $1 and uploaded_us < $2 and conflict_id in \
             (select id from conflicts where status = 'resolved') order by uploaded_us, id limit {limit}"
        );
        let rows = self.fetch_all(sql, values![uploader, before]).await?;
        rows.iter().map(FileRecord::read).collect()
    }

    /// Files of this conflict and of those below it.
    pub(crate) async fn attachments_count(&mut self, conflict: &str) -> Result<u64> {
        let sql = format!("select count(*) as files from attachments where conflict_id in ({BELOW})");
        let row = self.fetch_optional(sql, values![conflict]).await?;
        row.map_or(Ok(0), |row| row.count("files"))
    }
}

impl Store {
    /// Files of a conflict and of those merged into it, oldest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn attachments(&self, conflict: &str) -> Result<Vec<FileRecord>> {
        let columns = TABLE.columns();
        let sql = format!("select {columns} from attachments where conflict_id in ({BELOW}) order by uploaded_us, id");
        self.fetch_all(sql, values![conflict])
            .await?
            .iter()
            .map(FileRecord::read)
            .collect()
    }

    /// One file of a conflict or of one merged into it.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn attachment(&self, conflict: &str, id: &str) -> Result<FileRecord> {
        let columns = TABLE.columns();
        let sql = format!("select {columns} from attachments where conflict_id in ({BELOW}) and id = $2");
        let row = self.fetch_optional(sql, values![conflict, id]).await?;
        FileRecord::found(row.as_ref(), id)
    }
}
