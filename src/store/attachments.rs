//! Files that belong to conflicts: their rows. The content lies in the data folder under its hash.

use jiff::Timestamp;

use super::{
    Store, Tx,
    engine::{Row, values},
    merging::BELOW,
};
use crate::{Error, Result};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRecord {
    /// Random public key.
    pub id: String,
    /// The conflict it was attached to; after a merging another one shows it too.
    pub conflict_id: String,
    /// Name of the file, without a path.
    pub name: String,
    /// Media type.
    pub content_type: String,
    /// Size.
    pub size_bytes: u64,
    /// SHA-256 of the content, lower-case hexadecimal.
    pub sha256: String,
    /// Who attached it.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: Timestamp,
}

const COLUMNS: &str = "id, conflict_id, name, content_type, size_bytes, sha256, uploaded_by, uploaded_us";

impl AttachmentRecord {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            conflict_id: row.text("conflict_id")?,
            name: row.text("name")?,
            content_type: row.text("content_type")?,
            size_bytes: row.count("size_bytes")?,
            sha256: row.text("sha256")?,
            uploaded_by: row.text("uploaded_by")?,
            uploaded_at: row.time("uploaded_us")?,
        })
    }
}

impl Tx {
    /// Adds the row.
    pub(crate) async fn put_attachment(&mut self, attachment: &AttachmentRecord) -> Result<()> {
        let a = attachment;
        let sql = format!("insert into attachments ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)");
        let values = values![
            &a.id,
            &a.conflict_id,
            &a.name,
            &a.content_type,
            a.size_bytes,
            &a.sha256,
            &a.uploaded_by,
            a.uploaded_at
        ];
        self.execute(sql, values).await.map(drop)
    }

    /// Removes the row of a file of this conflict or of one below it; answers what it said.
    pub(crate) async fn take_attachment(&mut self, conflict: &str, id: &str) -> Result<AttachmentRecord> {
        let sql = format!("delete from attachments where conflict_id in ({BELOW}) and id = $2 returning {COLUMNS}");
        let row = self.fetch_optional(sql, values![conflict, id]).await?;
        row.as_ref().map_or_else(|| Err(unknown(id)), AttachmentRecord::read)
    }

    /// Whether any row, of a conflict or a request, still points at this content.
    pub(crate) async fn content_is_used(&mut self, sha256: &str) -> Result<bool> {
        let sql = "select 1 as one from attachments where sha256 = $1 \
                   union all select 1 as one from request_files where sha256 = $1 limit 1";
        Ok(self.fetch_optional(sql, values![sha256]).await?.is_some())
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
    ) -> Result<Vec<AttachmentRecord>> {
        let sql = format!(
            "select {COLUMNS} from attachments where uploaded_by = $1 and uploaded_us < $2 and conflict_id in \
             (select id from conflicts where status = 'resolved') order by uploaded_us, id limit {limit}"
        );
        let rows = self.fetch_all(sql, values![uploader, before]).await?;
        rows.iter().map(AttachmentRecord::read).collect()
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
    pub async fn attachments(&self, conflict: &str) -> Result<Vec<AttachmentRecord>> {
        let sql = format!("select {COLUMNS} from attachments where conflict_id in ({BELOW}) order by uploaded_us, id");
        self.fetch_all(sql, values![conflict])
            .await?
            .iter()
            .map(AttachmentRecord::read)
            .collect()
    }

    /// One file of a conflict or of one merged into it.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn attachment(&self, conflict: &str, id: &str) -> Result<AttachmentRecord> {
        let sql = format!("select {COLUMNS} from attachments where conflict_id in ({BELOW}) and id = $2");
        let row = self.fetch_optional(sql, values![conflict, id]).await?;
        row.as_ref().map_or_else(|| Err(unknown(id)), AttachmentRecord::read)
    }
}

fn unknown(id: &str) -> Error {
    Error::NotFound {
        kind: "attachment",
        id: id.to_owned(),
    }
}
