//! Files that belong to requests: their rows. The content lies in the data folder under its hash.

use jiff::Timestamp;

use super::{
    Store, Tx,
    engine::{Row, values},
};
use crate::{Error, Result};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFile {
    /// Random public key.
    pub id: String,
    /// The request it was added to.
    pub request_id: String,
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
    /// It waits for its publication: for the side that added it alone.
    pub sealed: bool,
}

const COLUMNS: &str = "id, request_id, name, content_type, size_bytes, sha256, uploaded_by, uploaded_us, sealed";

impl RequestFile {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            request_id: row.text("request_id")?,
            name: row.text("name")?,
            content_type: row.text("content_type")?,
            size_bytes: row.count("size_bytes")?,
            sha256: row.text("sha256")?,
            uploaded_by: row.text("uploaded_by")?,
            uploaded_at: row.time("uploaded_us")?,
            sealed: row.flag("sealed")?,
        })
    }
}

fn unknown(id: &str) -> Error {
    Error::NotFound {
        kind: "file",
        id: id.to_owned(),
    }
}

impl Tx {
    /// Adds the row.
    pub(crate) async fn put_request_file(&mut self, file: &RequestFile) -> Result<()> {
        let sql = format!("insert into request_files ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
        let values = values![
            &file.id,
            &file.request_id,
            &file.name,
            &file.content_type,
            file.size_bytes,
            &file.sha256,
            &file.uploaded_by,
            file.uploaded_at,
            file.sealed
        ];
        self.execute(sql, values).await.map(drop)
    }

    /// Removes the row of a file of this request; answers what it said.
    pub(crate) async fn take_request_file(&mut self, request: &str, id: &str) -> Result<RequestFile> {
        let sql = format!("delete from request_files where request_id = $1 and id = $2 returning {COLUMNS}");
        let row = self.fetch_optional(sql, values![request, id]).await?;
        row.as_ref().map_or_else(|| Err(unknown(id)), RequestFile::read)
    }

    /// Files of this request; those that wait are counted for those who know of them.
    pub(crate) async fn request_files_count(&mut self, request: &str, knows_sealed: bool) -> Result<u64> {
        let sql = "select count(*) as files from request_files where request_id = $1 and sealed <= $2";
        let row = self.fetch_optional(sql, values![request, knows_sealed]).await?;
        row.map_or(Ok(0), |row| row.count("files"))
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
    pub async fn request_files(&self, request: &str, knows_sealed: bool) -> Result<Vec<RequestFile>> {
        let sql = format!(
            "select {COLUMNS} from request_files where request_id = $1 and sealed <= $2 order by uploaded_us, id"
        );
        let rows = self.fetch_all(sql, values![request, knows_sealed]).await?;
        rows.iter().map(RequestFile::read).collect()
    }

    /// One file of a request.
    ///
    /// # Errors
    /// `NotFound`, also for one that waits where `knows_sealed` is not set; `Store` when reading fails.
    pub async fn request_file(&self, request: &str, id: &str, knows_sealed: bool) -> Result<RequestFile> {
        let sql = format!("select {COLUMNS} from request_files where request_id = $1 and id = $2 and sealed <= $3");
        let row = self.fetch_optional(sql, values![request, id, knows_sealed]).await?;
        row.as_ref().map_or_else(|| Err(unknown(id)), RequestFile::read)
    }
}
