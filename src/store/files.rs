//! Files that belong to conflicts, requests and tasks: their rows. The content lies in the data folder under its hash.

use jiff::Timestamp;

use super::{
    Tx,
    engine::{Row, values},
};
use crate::{Error, Result};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Random public key.
    pub id: String,
    /// The conflict, request or task it was added to; after a merging another conflict shows it too.
    pub owner_id: String,
    /// Name of the file, without a path.
    pub name: String,
    /// Media type.
    pub content_type: String,
    /// Size.
    pub size_bytes: u64,
    /// SHA-256 of the content, lower-case hexadecimal.
    pub sha256: String,
    /// Who added it.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: Timestamp,
}

/// Where files of one kind of owner are kept.
pub(super) struct FileTable {
    /// Name of the table.
    pub(super) name: &'static str,
    /// Its column with the owner's id.
    pub(super) owner: &'static str,
}

impl FileTable {
    /// What [`FileRecord::read`] reads.
    pub(super) fn columns(&self) -> String {
        let owner = self.owner;
        format!("id, {owner} as owner_id, name, content_type, size_bytes, sha256, uploaded_by, uploaded_us")
    }
}

impl FileRecord {
    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            owner_id: row.text("owner_id")?,
            name: row.text("name")?,
            content_type: row.text("content_type")?,
            size_bytes: row.count("size_bytes")?,
            sha256: row.text("sha256")?,
            uploaded_by: row.text("uploaded_by")?,
            uploaded_at: row.time("uploaded_us")?,
        })
    }

    /// The file in a row that was looked for.
    pub(super) fn found(row: Option<&Row>, id: &str) -> Result<Self> {
        let unknown = || Error::NotFound {
            kind: "file",
            id: id.to_owned(),
        };
        row.map_or_else(|| Err(unknown()), Self::read)
    }
}

impl Tx {
    /// Adds the row.
    pub(super) async fn put_file(&mut self, table: &FileTable, file: &FileRecord) -> Result<()> {
        let FileTable { name, owner } = table;
        let sql = format!(
            "insert into {name} (id, {owner}, name, content_type, size_bytes, sha256, uploaded_by, uploaded_us) \
             values ($1, $2, $3, $4, $5, $6, $7, $8)"
        );
        let values = values![
            &file.id,
            &file.owner_id,
            &file.name,
            &file.content_type,
            file.size_bytes,
            &file.sha256,
            &file.uploaded_by,
            file.uploaded_at
        ];
        self.execute(sql, values).await.map(drop)
    }

    /// Whether any row still points at this content.
    pub(crate) async fn content_is_used(&mut self, sha256: &str) -> Result<bool> {
        let sql = "select 1 as one from attachments where sha256 = $1 \
                   union all select 1 as one from request_files where sha256 = $1 \
                   union all select 1 as one from task_files where sha256 = $1 limit 1";
        Ok(self.fetch_optional(sql, values![sha256]).await?.is_some())
    }
}
