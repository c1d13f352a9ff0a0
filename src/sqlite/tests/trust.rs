//! What is trusted, by repository and content.

use std::path::Path;

use super::{Board, stamp};
use crate::ports::repositories::Supplied;
use crate::ports::store::Store as _;

fn supplied(hash: &str) -> Supplied {
    Supplied { path: "/home/ann/shop/.ganger.toml".into(), bytes: hash.as_bytes().to_vec(), hash: hash.to_owned() }
}

#[test]
fn trust_is_given_to_contents_one_by_one_and_taken_back_from_all() {
    let board = Board::new();
    let (shop, other) = (Path::new("/home/ann/shop"), Path::new("/home/ann/other"));
    assert_eq!(board.store.trusted(shop).unwrap(), Vec::<String>::new());
    board.store.trust(shop, &supplied("aa"), &stamp(1)).unwrap();
    board.store.trust(shop, &supplied("bb"), &stamp(2)).unwrap();
    board.store.trust(other, &supplied("cc"), &stamp(3)).unwrap();
    assert_eq!(board.other().trusted(shop).unwrap(), ["bb", "aa"]);
    board.store.trust(shop, &supplied("aa"), &stamp(4)).unwrap();
    assert_eq!(board.store.trusted(shop).unwrap(), ["aa", "bb"]);
    assert_eq!(board.store.trusted_before(shop).unwrap(), Some(b"aa".to_vec()));
    // Of what an earlier version trusted, only the hash is known.
    board.sql("UPDATE trust SET content = NULL WHERE hash = 'aa'");
    assert_eq!(board.store.trusted_before(shop).unwrap(), None);
    assert_eq!(board.store.distrust(shop).unwrap(), 2);
    assert_eq!((board.store.distrust(shop).unwrap(), board.store.trusted(shop).unwrap()), (0, Vec::new()));
    assert_eq!(board.store.trusted(other).unwrap(), ["cc"]);
}
