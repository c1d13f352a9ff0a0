//! Which contents of repositories' own configurations a person has trusted.

use rusqlite::{Connection, params};

use super::rows::Cells;
use super::trouble::Done;
use crate::ports::repositories::Supplied;
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

pub(super) fn trust(conn: &Connection, repo: &str, supplied: &Supplied, stamp: &Stamp) -> Done<()> {
    conn.prepare_cached(
        "INSERT INTO trust (repo, hash, at, content) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (repo, hash) DO UPDATE SET at = ?3, content = ?4",
    )?
    .execute(params![repo, supplied.hash, stamp.now.wall.0, supplied.bytes])?;
    Ok(())
}

/// The content that was trusted last, where it is known.
pub(super) fn before(conn: &Connection, repo: &str) -> Done<Option<Vec<u8>>> {
    let mut statement =
        conn.prepare_cached("SELECT content FROM trust WHERE repo = ?1 ORDER BY at DESC, hash LIMIT 1")?;
    let mut rows = statement.query([repo])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?.flatten())
}

pub(super) fn distrust(conn: &Connection, repo: &str) -> Done<usize> {
    Ok(conn.prepare_cached("DELETE FROM trust WHERE repo = ?1")?.execute([repo])?)
}
