//! Which contents of repositories' own configurations a person has trusted.

use rusqlite::{Connection, params};

use super::rows::Cells;
use super::write::Done;
use crate::ports::store::Stamp;

pub(super) fn trusted(conn: &Connection, repo: &str) -> Done<Vec<String>> {
    let mut statement = conn.prepare_cached("SELECT hash FROM trust WHERE repo = ?1 ORDER BY at DESC, hash")?;
    let mut rows = statement.query([repo])?;
    let mut hashes = Vec::new();
    while let Some(row) = rows.next()? {
        hashes.push(Cells::new("trust", row).text("hash")?);
    }
    Ok(hashes)
}

pub(super) fn trust(conn: &Connection, repo: &str, hash: &str, stamp: &Stamp) -> Done<()> {
    conn.prepare_cached(
        "INSERT INTO trust (repo, hash, at) VALUES (?1, ?2, ?3) ON CONFLICT (repo, hash) DO UPDATE SET at = ?3",
    )?
    .execute(params![repo, hash, stamp.now.wall.0])?;
    Ok(())
}

pub(super) fn distrust(conn: &Connection, repo: &str) -> Done<usize> {
    Ok(conn.prepare_cached("DELETE FROM trust WHERE repo = ?1")?.execute([repo])?)
}
