//! What is trusted, by repository and content.

use std::path::Path;

use super::{Board, stamp};
use crate::ports::store::Store as _;

#[test]
fn trust_is_given_to_contents_one_by_one_and_taken_back_from_all() {
    let board = Board::new();
    let (shop, other) = (Path::new("/home/ann/shop"), Path::new("/home/ann/other"));
    assert_eq!(board.store.trusted(shop).unwrap(), Vec::<String>::new());
    board.store.trust(shop, "aa", &stamp(1)).unwrap();
    board.store.trust(shop, "bb", &stamp(2)).unwrap();
    board.store.trust(other, "cc", &stamp(3)).unwrap();
    assert_eq!(board.other().trusted(shop).unwrap(), ["bb", "aa"]);
    board.store.trust(shop, "aa", &stamp(4)).unwrap();
    assert_eq!(board.store.trusted(shop).unwrap(), ["aa", "bb"]);
    assert_eq!(board.store.distrust(shop).unwrap(), 2);
    assert_eq!((board.store.distrust(shop).unwrap(), board.store.trusted(shop).unwrap()), (0, Vec::new()));
    assert_eq!(board.store.trusted(other).unwrap(), ["cc"]);
}
